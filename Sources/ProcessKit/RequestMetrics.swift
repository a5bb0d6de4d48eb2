public import CSharedMemory
internal import Glibc

/// Counters of requests, in memory that httpd's parent and its children share. They outlive restarts of httpd.
///
/// Any thread of a child may count. The layout and its rules are in `wsgi_metrics.h`.
@safe public struct RequestMetrics: @unchecked Sendable {
    private let metrics: UnsafeMutablePointer<wsgi_metrics>
    /// A number that differs between children.
    private var process: UInt32

    /// Maximum number of groups and of virtual hosts that are counted separately.
    public static let mostNames = Int(WSGI_METRICS_ROWS)

    /// Creates the memory. Called by the parent; its children inherit it.
    public init() throws(SystemError) {
        let size = MemoryLayout<wsgi_metrics>.size
        guard let made = unsafe mmap(nil, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0),
            unsafe made != MAP_FAILED
        else { throw SystemError("mmap", errno) }
        unsafe metrics = made.bindMemory(to: wsgi_metrics.self, capacity: 1)
        process = UInt32(bitPattern: getpid())
        unsafe wsgi_metrics_prepare(metrics)
    }

    // MARK: - Children

    /// The same counters, for a child that has just been created.
    public func inChild() -> RequestMetrics {
        var own = self
        own.process = UInt32(bitPattern: getpid())
        return own
    }

    /// Counts a request that has ended. Returns whether it may be among the slowest ones.
    public func count(_ sample: inout wsgi_metrics_sample) -> Bool {
        unsafe wsgi_metrics_count(metrics, process, &sample)
    }

    /// Counts a log message.
    public func count(id: UInt16) { unsafe wsgi_metrics_count_id(metrics, UInt32(id)) }

    /// Adds a request to the slowest ones, if it is one of them.
    public func noteSlow(_ request: wsgi_slow_request) {
        unsafe withUnsafePointer(to: request) { unsafe wsgi_metrics_note_slow(metrics, $0) }
    }

    // MARK: - The parent

    /// Makes a pair appear with zeros before its first request.
    public func announce(group: UInt32, host: UInt32) { unsafe _ = wsgi_metrics_row_of(metrics, group, host) }

    /// Removes slow requests that are too old.
    public func reviewSlow() { unsafe wsgi_metrics_review_slow(metrics) }

    // MARK: - Readers

    /// The sums of all rows.
    public var totals: [wsgi_metrics_totals] {
        (0..<UInt32(WSGI_METRICS_ROWS)).compactMap { index in
            var totals = wsgi_metrics_totals()
            return unsafe wsgi_metrics_read(metrics, index, &totals) ? totals : nil
        }
    }

    /// The slowest requests, the slowest first.
    public var slowest: [wsgi_slow_request] {
        let found = (0..<UInt32(WSGI_SLOW_REQUESTS)).compactMap { index in
            var request = wsgi_slow_request()
            return unsafe wsgi_metrics_read_slow(metrics, index, &request) ? request : nil
        }
        func duration(_ request: wsgi_slow_request) -> UInt64 {
            request.times.0 &+ request.times.1 &+ request.times.2 &+ request.times.3
        }
        return found.sorted { duration($0) > duration($1) }
    }

    /// Number of log messages with this id.
    public func count(of id: UInt16) -> UInt64 { unsafe wsgi_metrics_id_count(metrics, UInt32(id)) }
}
