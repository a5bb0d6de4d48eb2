internal import CHTTPD
internal import CSystem
internal import WSGIWire

/// The log of a request. Several threads of an application may write to it while one of them uses the request.
///
/// A pool must be used by one thread at a time. If `ErrorLogFormat` is set, httpd makes the ids of a request and of its
/// connection in their pools when it writes the first line. Meanwhile no other thread may be in `exclusively`.
@safe struct RequestLog {
    private let r: Request
    /// Held while a line is written.
    private let lines: UnsafeMutablePointer<wsgi_lock>
    /// Held while the request is used.
    private let request: UnsafeMutablePointer<wsgi_lock>

    /// Calls `body` with a log that must not be used after the return.
    static func lend<Result>(_ r: Request, _ body: (RequestLog) -> Result) -> Result {
        var (lines, request) = (wsgi_lock(word: 0), wsgi_lock(word: 0))
        return unsafe withUnsafeMutablePointer(to: &lines) { lines in
            unsafe withUnsafeMutablePointer(to: &request) { request in
                unsafe body(RequestLog(r: r, lines: lines, request: request))
            }
        }
    }

    /// Runs code that uses the memory of the request or of its connection. Any thread. Not reentrant.
    func exclusively<Result>(_ body: () -> Result) -> Result {
        unsafe wsgi_lock_acquire(request)
        defer { unsafe wsgi_lock_release(request) }
        return body()
    }

    /// Writes a record. Any thread. Never waits for `exclusively`, which may wait for a slow client.
    func write(_ level: Int32, _ record: UnsafeRawBufferPointer) {
        let record = unsafe LogSource(level: level, record)
        guard unsafe chttpd_logs_request(r, record.level), let start = unsafe record.text.baseAddress else { return }
        unsafe Metrics.countID(of: record.text)
        unsafe wsgi_lock_acquire(lines)
        defer { unsafe wsgi_lock_release(lines) }
        let isAlone = unsafe wsgi_lock_try(request)
        if unsafe isAlone || !chttpd_log_needs_ids(r) {
            unsafe chttpd_log_request_bytes(
                r, record.level, record.file.baseAddress, record.file.count, record.line, start, record.text.count)
        } else {
            unsafe chttpd_log_server_bytes(
                r.pointee.server, record.level, record.file.baseAddress, record.file.count, record.line, start,
                record.text.count)
        }
        if isAlone { unsafe wsgi_lock_release(request) }
    }
}
