internal import CHTTPD
internal import Glibc
internal import WSGICore
internal import WSGIStatus

/// The content handlers of `SetHandler wsgi-metrics` and `SetHandler wsgi-status`. They change nothing.
enum StatusHandlers {
    /// Serves a request whose handler is one of them.
    static func handle(_ r: Request) -> Int32 {
        guard let handler = unsafe r.pointee.handler, unsafe strncmp(handler, "wsgi-", 5) == 0 else { return DECLINED }
        let page: (Request) -> Int32
        switch unsafe string(handler) {
        case "wsgi-metrics": unsafe page = { unsafe metrics($0) }
        case "wsgi-status": unsafe page = { unsafe status($0) }
        default: return DECLINED
        }
        guard unsafe r.pointee.method_number == Int32(M_GET) else {
            unsafe r.pointee.allowed_methods.pointee.method_mask |= 1 << apr_int64_t(M_GET)
            return HTTP_METHOD_NOT_ALLOWED
        }
        guard unsafe chttpd_is_restricted(r) else {
            unsafe Log.request(
                r, .error, .statusClosed,
                unsafe "\(string(handler)) shows nothing, because the Require directives for '\(string(r.pointee.uri))' let "
                    + "everybody in: add one that names clients or users, such as 'Require local', "
                    + "'Require ip 10.0.0.0/8' or 'Require valid-user'.")
            return HTTP_FORBIDDEN
        }
        return unsafe page(r)
    }

    private static func metrics(_ r: Request) -> Int32 {
        unsafe send(r, MetricsText.page(StatusCollector.report()), MetricsText.mediaType)
    }

    private static func status(_ r: Request) -> Int32 {
        let query = unsafe Query(string(r.pointee.args))
        if let id = query.stack { return unsafe stack(r, id, query.format) }
        let report = StatusCollector.report()
        if let seconds = query.refresh {
            unsafe apr_table_setn(
                r.pointee.headers_out, "Refresh", r.pointee.pool.map { unsafe copy("\(seconds)", into: $0) } ?? nil)
        }
        switch query.format {
        case .json: return unsafe send(r, StatusJSON.page(report), StatusJSON.mediaType)
        case .lines: return unsafe send(r, StatusLines.page(report), StatusLines.mediaType)
        case .html:
            let host = unsafe string(r.pointee.server?.pointee.server_hostname)
            return unsafe send(r, StatusPage.page(report, host: host), StatusPage.mediaType)
        }
    }

    private static func stack(_ r: Request, _ id: String, _ format: Query.Format) -> Int32 {
        let stack = SupervisorQuestion.stack(of: id)
        switch format {
        case .json: return unsafe send(r, StatusJSON.stack(of: id, stack), StatusJSON.mediaType)
        case .lines: return unsafe send(r, (stack ?? "") + "\n", StatusLines.mediaType)
        case .html: return unsafe send(r, StatusPage.stack(of: id, stack), StatusPage.mediaType)
        }
    }

    /// Writes the section of mod_status's page.
    static func section(_ r: Request, isShort: Bool) -> Int32 {
        let report = StatusCollector.report()
        unsafe write(r, isShort ? StatusLines.page(report) : StatusPage.section(report))
        return OK
    }

    private static func write(_ r: Request, _ text: String) {
        var text = text
        text.withUTF8 { bytes in
            unsafe _ = ap_rwrite(bytes.baseAddress, Int32(clamping: bytes.count), r)
        }
    }

    /// Sends a page.
    static func send(_ r: Request, _ page: String, _ mediaType: String) -> Int32 {
        let pool = unsafe r.pointee.pool
        unsafe ap_set_content_type(r, pool.map { unsafe copy(mediaType, into: $0) } ?? nil)
        unsafe ap_set_content_length(r, apr_off_t(page.utf8.count))
        for (name, value) in [
            ("Cache-Control", "no-store"), ("X-Content-Type-Options", "nosniff"), ("Referrer-Policy", "no-referrer"),
            ("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"),
        ] as [(StaticString, StaticString)] {
            unsafe apr_table_setn(r.pointee.headers_out, literal(name), literal(value))
        }
        unsafe write(r, page)
        return OK
    }
}
