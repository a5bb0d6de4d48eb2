internal import CPython
internal import CSystem
internal import PythonRuntime

/// What a request reads and writes. Counted always; times are measured if somebody observes the request.
struct Meter {
    /// Whether times are measured.
    var isOn = false
    /// Calls of the application for its body, and the bytes that they returned.
    var reads = 0
    var bytesRead: Int64 = 0
    /// Blocks of the response.
    var writes = 0
    /// The time of reads and of writes, in nanoseconds.
    var readTime: UInt64 = 0
    var writeTime: UInt64 = 0
}

/// The beginning of a request that is measured. The end is measured on the same thread.
struct Measurement {
    /// When the application was entered, in microseconds since 1970.
    let start: Int64
    private let cpu: ThreadTimes

    /// What was measured.
    struct Result {
        /// When the application was entered and when its response was complete, in microseconds since 1970.
        let start: Int64
        let end: Int64
        /// The processor time of the thread.
        let cpu: ThreadTimes
        /// How long the thread has waited for the GIL, in nanoseconds, and how often it has taken it.
        let waited: UInt64
        let waits: Int
        /// Microseconds in between. 0 if the clock was set back.
        var duration: Int64 { max(0, end - start) }
    }

    /// Begins. From now on the process measures how long its threads wait for the GIL.
    static func begin(at start: Int64) -> Measurement {
        Attachment.measureWaits()
        return Measurement(start: start, cpu: .current)
    }

    /// Ends.
    func end() -> Result {
        let (waited, waits) = Attachment.waits
        let now = ThreadTimes.current
        return Result(
            start: start, end: wsgi_wall_clock_microseconds(),
            cpu: ThreadTimes(user: now.user - cpu.user, system: now.system - cpu.system), waited: waited, waits: waits)
    }
}

/// Processor time of a thread, in microseconds.
struct ThreadTimes {
    var user: Int64
    var system: Int64

    /// That of the calling thread.
    static var current: ThreadTimes { times(of: false) }

    /// That of all threads of the process, including those that have ended.
    static var ofProcess: ThreadTimes { times(of: true) }

    private static func times(of process: Bool) -> ThreadTimes {
        var (user, system): (Int64, Int64) = (0, 0)
        unsafe wsgi_processor_times(process, &user, &system)
        return ThreadTimes(user: user, system: system)
    }
}
