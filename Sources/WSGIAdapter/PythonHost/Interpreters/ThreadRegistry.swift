internal import Synchronization

/// The threads of the process that run requests, for the metrics.
enum ThreadRegistry {
    /// The counters of a thread at one time; see `ThreadCounters`.
    struct Values {
        let thread: Int
        let requests: Int
        let busy: Int64
        let since: Int64

        fileprivate init(_ state: UnsafeMutablePointer<ThreadState>) {
            thread = unsafe state.pointee.index
            requests = unsafe state.pointee.counters.pointee.requests.load(ordering: .relaxed)
            busy = unsafe state.pointee.counters.pointee.busy.load(ordering: .relaxed)
            since = unsafe state.pointee.counters.pointee.since.load(ordering: .relaxed)
        }
    }

    /// All threads.
    struct Threads {
        /// Those that have run a request, in the order of their numbers.
        var running: [Values] = []
        /// The sums of those that have ended.
        var endedRequests = 0
        var endedBusy: Int64 = 0
    }

    @safe private struct Entry: @unchecked Sendable {
        let state: UnsafeMutablePointer<ThreadState>
    }

    private static let entries = Locked<[Entry]>([])
    private static let ended = Locked<(requests: Int, busy: Int64)>((0, 0))

    /// The counters of all threads.
    static var threads: Threads {
        let running = entries.withLock { $0.map { unsafe Values($0.state) } }
        let ended = ended.withLock { $0 }
        return Threads(
            running: running.filter { $0.requests > 0 || $0.since != 0 }, endedRequests: ended.requests,
            endedBusy: ended.busy)
    }

    /// Adds a new thread.
    static func enter(_ state: UnsafeMutablePointer<ThreadState>) {
        let entry = unsafe Entry(state: state)
        entries.withLock { $0.append(entry) }
    }

    /// Removes a thread that ends.
    static func leave(_ state: UnsafeMutablePointer<ThreadState>) {
        let values = unsafe Values(state)
        let entry = unsafe Entry(state: state)
        entries.withLock { $0.removeAll { unsafe $0.state == entry.state } }
        ended.withLock { $0 = ($0.requests + values.requests, $0.busy + values.busy) }
    }
}
