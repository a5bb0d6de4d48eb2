internal import CHTTPD
internal import WSGICore

/// httpd's error log: its format, its levels, and the log of the right virtual host.
enum Log {
    /// Writes a record with the request's context, if its level is logged there.
    // cold: text of a record
    static func request(_ r: Request, _ level: LogLevel, _ id: LogID? = nil, _ text: @autoclosure () -> String) {
        guard unsafe chttpd_logs_request(r, level.rawValue) else { return }
        if let id { Metrics.count(id) }
        unsafe chttpd_log_request(r, level.rawValue, line(id, text()))
    }

    /// Writes a record in the log of `server`, if its level is logged there.
    // cold: text of a record
    static func server(_ server: Server?, _ level: LogLevel, _ id: LogID? = nil, _ text: @autoclosure () -> String) {
        guard let server = unsafe server, unsafe chttpd_logs_server(server, level.rawValue) else { return }
        if let id { Metrics.count(id) }
        unsafe chttpd_log_server(server, level.rawValue, line(id, text()))
    }

    private static func line(_ id: LogID?, _ text: String) -> String {  // cold: text of a record
        guard let id else { return text }
        return id.tag + ": " + text
    }
}
