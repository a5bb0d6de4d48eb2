internal import CHTTPD
internal import CSystem

/// The log of a request that several threads of an application write to, while one of them uses the request.
///
/// A pool is for one thread at a time, and httpd makes the ids of a request and of its connection in their pools when their
/// first line is written, if `ErrorLogFormat` is set: that line must not come while another thread is in `exclusively`.
@safe struct RequestLog {
    private let r: Request
    /// Held while a line is written.
    private let lines: UnsafeMutablePointer<wsgi_lock>
    /// Held while the request is used.
    private let request: UnsafeMutablePointer<wsgi_lock>

    /// Lends a log, which must not be used after the return.
    static func lend<Result>(_ r: Request, _ body: (RequestLog) -> Result) -> Result {
        var (lines, request) = (wsgi_lock(word: 0), wsgi_lock(word: 0))
        return unsafe withUnsafeMutablePointer(to: &lines) { lines in
            unsafe withUnsafeMutablePointer(to: &request) { request in
                unsafe body(RequestLog(r: r, lines: lines, request: request))
            }
        }
    }

    /// Runs what uses the request's memory, or that of its connection. Any thread; not within itself.
    func exclusively<Result>(_ body: () -> Result) -> Result {
        unsafe wsgi_lock_acquire(request)
        defer { unsafe wsgi_lock_release(request) }
        return body()
    }

    /// Writes a line. Any thread; never waits for `exclusively`, which may take as long as a client.
    func write(_ level: Int32, _ text: UnsafeRawBufferPointer) {
        guard unsafe chttpd_logs_request(r, level), let start = text.baseAddress else { return }
        unsafe Metrics.countID(of: text)
        unsafe wsgi_lock_acquire(lines)
        defer { unsafe wsgi_lock_release(lines) }
        let isAlone = unsafe wsgi_lock_try(request)
        if unsafe isAlone || !chttpd_log_needs_ids(r) {
            unsafe chttpd_log_request_bytes(r, level, start, text.count)
        } else {
            unsafe chttpd_log_server_bytes(r.pointee.server, level, start, text.count)
        }
        if isAlone { unsafe wsgi_lock_release(request) }
    }
}
