internal import Synchronization

/// The number of requests of a thread, for the metrics. Written by the thread alone, read by any.
struct ThreadCounters: ~Copyable {
    let requests = Atomic<Int>(0)
    /// How long requests have run, in microseconds, without the current one.
    let busy = Atomic<Int64>(0)
    /// When the current request entered its application, in microseconds since 1970; 0: there is none.
    let since = Atomic<Int64>(0)

    /// Counters in memory of their own, which requests of the thread reach without looking for the thread.
    static func make() -> UnsafeMutablePointer<ThreadCounters> {
        let counters = UnsafeMutablePointer<ThreadCounters>.allocate(capacity: 1)
        unsafe counters.initialize(to: ThreadCounters())
        return unsafe counters
    }

    /// Counts a request that enters its application. Its thread may be busy with another, of which it is a subrequest.
    @inline(__always)
    func begin(at now: Int64, isInner: Bool) {
        if !isInner { since.store(now, ordering: .relaxed) }
    }

    /// Counts its end.
    @inline(__always)
    func end(_ time: Int64, isInner: Bool) {
        requests.store(requests.load(ordering: .relaxed) &+ 1, ordering: .relaxed)
        if isInner { return }
        busy.store(busy.load(ordering: .relaxed) &+ time, ordering: .relaxed)
        since.store(0, ordering: .relaxed)
    }
}
