internal import CPython
internal import Synchronization

/// The requests of an interval, for `mod_wsgi.request_metrics()`: begun by `start_recording_metrics()`, and ended by each
/// call. One for the process, because its threads serve all interpreters.
enum RequestRecording {
    private static let isStarted = Atomic<Bool>(false)
    private static let interval = Locked(Interval())

    /// Whether requests are recorded.
    @inline(__always)
    static var isOn: Bool { isStarted.load(ordering: .relaxed) }

    /// Begins; later calls have no effect.
    static func start() {
        guard !isStarted.load(ordering: .relaxed) else { return }
        interval.withLock { $0 = Interval() }
        isStarted.store(true, ordering: .sequentiallyConsistent)
    }

    /// Adds a request that has ended.
    static func add(_ request: FinishedRequest) { interval.withLock { $0.add(request) } }

    /// Ends the interval and begins the next one.
    static func take() -> Interval {
        interval.withLock { interval in
            let ended = interval
            interval = Interval()
            return ended
        }
    }

    /// What has been recorded.
    struct Interval {
        /// When it began, in microseconds since 1970.
        let start = wsgi_wall_clock_microseconds()
        /// The processor time of the process at that time.
        let cpu = ThreadTimes.ofProcess
        var count = 0
        var times = [TimeSummary](repeating: TimeSummary(), count: FinishedRequest.Phase.allCases.count)
        var waits = 0
        var (reads, bytesRead) = (0, Int64(0))
        var (writes, bytesWritten) = (0, Int64(0))
        /// Responses by the first digit of their status, from 1xx on.
        var statuses = [Int](repeating: 0, count: 5)
        var threads: [Int: ThreadSummary] = [:]

        fileprivate mutating func add(_ request: FinishedRequest) {
            count += 1
            for phase in FinishedRequest.Phase.allCases {
                if let time = request.times[phase.rawValue] { times[phase.rawValue].add(time) }
            }
            waits += request.waits
            reads += request.meter.reads
            bytesRead &+= request.meter.bytesRead
            writes += request.meter.writes
            bytesWritten &+= request.bytesWritten
            if request.status == 0 || (100..<600).contains(request.status) {
                statuses[request.status == 0 ? 4 : request.status / 100 - 1] += 1
            }
            threads[request.thread, default: ThreadSummary()].add(request, since: start)
        }
    }
}

/// A request that has ended, for the metrics. Times are in microseconds.
struct FinishedRequest {
    /// The parts of a request's time, in the order in which `metrics.py` expects them.
    enum Phase: Int, CaseIterable {
        case server, queue, daemon, application, request, inputRead, outputWrite, gilWait
    }

    let thread: Int
    /// When the application was entered, in microseconds since 1970.
    let start: Int64
    let status: Int
    let meter: Meter
    let bytesWritten: Int64
    let cpu: Int64
    let waits: Int
    /// By `Phase`; `nil`: the request did not have it.
    let times: [Int64?]
}

/// Times of many requests, in microseconds.
struct TimeSummary {
    var count = 0
    /// Not an integer, which an absurd time of httpd could make overflow.
    var sum = 0.0
    var least: Int64 = .max
    var most: Int64 = 0
    /// Their number by size: 16 octaves from 1 ms on, in 4 steps each; the last holds all above, the first all below.
    var buckets = [Int](repeating: 0, count: 65)

    mutating func add(_ time: Int64) {
        let time = max(time, 0)
        count += 1
        sum += Double(time)
        least = min(least, time)
        most = max(most, time)
        buckets[Self.bucket(time)] += 1
    }

    /// The bucket of a time.
    static func bucket(_ time: Int64) -> Int {
        let milliseconds = time / 1_000
        guard milliseconds >= 1 else { return 0 }
        let octave = Int64.bitWidth - 1 - milliseconds.leadingZeroBitCount
        guard octave < 16 else { return 64 }
        // In microseconds, because the steps of the first octaves are fractions of milliseconds.
        let begin = Int64(1_000) << Int64(octave)
        return octave * 4 + Int((time - begin) / (begin / 4))
    }
}

/// The requests of one thread in an interval.
struct ThreadSummary {
    var completed = 0
    /// The time within the interval, in microseconds.
    var busy: Int64 = 0
    var cpu: Int64 = 0
    var longest: Int64 = 0

    fileprivate mutating func add(_ request: FinishedRequest, since begin: Int64) {
        let duration = request.times[FinishedRequest.Phase.application.rawValue] ?? 0
        completed += 1
        busy += min(duration, max(0, request.start &+ duration &- begin))
        cpu += request.cpu
        longest = max(longest, duration)
    }
}
