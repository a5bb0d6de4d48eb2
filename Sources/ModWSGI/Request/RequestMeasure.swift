internal import CHTTPD
internal import CSharedMemory
internal import CSystem
internal import Glibc
internal import ProcessKit
internal import WSGICore

/// The times of one request. They are counted once, when it has ended.
@safe struct RequestMeasure {
    private var sample: wsgi_metrics_sample

    /// A request of a virtual host; see `MetricsNames`.
    init(host: UInt32) {
        sample = wsgi_metrics_sample(
            group: MetricsNames.unknown, host: host, status: 0, rejection: UInt32(WSGI_METRICS_REASONS), timed: 0,
            times: (0, 0, 0, 0))
    }

    /// Records the number of its process group; see `MetricsNames`.
    mutating func isFor(group: UInt32) { sample.group = group }

    /// Records the time until a thread was claimed, in nanoseconds.
    mutating func waited(_ nanoseconds: UInt64) {
        sample.timed |= 1 << WSGI_TIME_QUEUE.rawValue
        sample.times.0 = nanoseconds
    }

    /// Records the time from the call of the application, or the claim of a thread for it, to the end of the response.
    ///
    /// - Parameter reading: The part of the time for reading the body that is within this time.
    mutating func ran(
        since start: UInt64, reading: UInt64, _ body: borrowing ClientBody, _ sink: borrowing ResponseSink
    ) {
        let end = sink.passedAt != 0 ? sink.passedAt : wsgi_monotonic_nanoseconds()
        let others = sink.writing &+ reading
        let all = end > start ? end &- start : 0
        sample.timed |= 1 << WSGI_TIME_APPLICATION.rawValue
        sample.times.1 = all > others ? all &- others : 0
        if body.reading > 0 {
            sample.timed |= 1 << WSGI_TIME_READ.rawValue
            sample.times.2 = body.reading
        }
        guard sink.passedAt != 0 else { return }
        sample.timed |= 1 << WSGI_TIME_WRITE.rawValue
        sample.times.3 = sink.writing
    }

    /// Records that the request was rejected.
    mutating func rejected(_ id: LogID) { sample.rejection = RejectionReason(id).rawValue }

    /// Counts the request; `result`: what the handler returns to httpd.
    @inline(__always)
    mutating func count(_ r: Request, _ result: Int32) {
        guard let metrics = Metrics.current else { return }
        sample.status = unsafe UInt32(truncatingIfNeeded: result == OK ? r.pointee.status : result)
        if metrics.count(&sample) { unsafe noteSlow(r, metrics) }
    }

    @inline(never)
    private func noteSlow(_ r: Request, _ metrics: RequestMetrics) {
        var slow = wsgi_slow_request()
        slow.group = sample.group
        slow.host = sample.host
        slow.times = sample.times
        slow.status = sample.status
        let id = unsafe bytes(of: requestID(of: r))
        slow.id_length = unsafe withUnsafeMutableBytes(of: &slow.id) { room in
            unsafe Self.append(id, to: room, 0)
        }
        let (method, path) = unsafe (bytes(of: r.pointee.method), bytes(of: r.pointee.uri))
        slow.line_length = unsafe withUnsafeMutableBytes(of: &slow.line) { room in
            var count = unsafe Self.append(method, to: room, 0)
            count = unsafe Self.append(bytes(of: " "), to: room, count)
            return unsafe Self.append(path, to: room, count)
        }
        metrics.noteSlow(slow)
    }

    private static func append(
        _ text: UnsafeRawBufferPointer, to room: UnsafeMutableRawBufferPointer, _ count: UInt16
    ) -> UInt16 {
        let free = room.count &- Int(count)
        let taken = unsafe UnsafeRawBufferPointer(rebasing: text.prefix(max(free, 0)))
        guard taken.count > 0 else { return count }
        unsafe UnsafeMutableRawBufferPointer(rebasing: room[Int(count)...]).copyMemory(from: taken)
        return count &+ UInt16(truncatingIfNeeded: taken.count)
    }
}
