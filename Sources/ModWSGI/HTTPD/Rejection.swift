internal import CHTTPD
internal import WSGICore

/// The reason why a request ends without a response of its application: the status, and the record for the error log.
///
/// Thrown where the reason is found, and logged in one place, where the handler returns to httpd.
struct Rejection: Error {
    /// The record.
    struct Record {
        let level: LogLevel
        let id: LogID
        let text: String
    }

    /// The handler's result; OK if the response has already begun, or the client has disconnected.
    let status: Int32
    /// `nil`: a record was already written, or one per second is enough.
    let record: Record?
    /// Milliseconds after which the client may repeat the request, for `Retry-After`.
    var retryAfter: Int?

    /// A rejection with a record at the level `error`.
    init(_ status: Int32, _ id: LogID, _ text: String) { self.init(status, .error, id, text) }

    /// A rejection with a record.
    init(_ status: Int32, _ level: LogLevel, _ id: LogID, _ text: String) {
        self.status = status
        record = Record(level: level, id: id, text: text)
    }

    /// A rejection without a record: one was already written, or one per second is enough.
    init(_ status: Int32) {
        self.status = status
        record = nil
    }

    /// The same, with the number of milliseconds for `Retry-After`.
    func retried(after milliseconds: Int) -> Rejection {
        var rejection = self
        rejection.retryAfter = milliseconds
        return rejection
    }

    /// The number of milliseconds in whole seconds, at least one.
    static func seconds(_ milliseconds: Int) -> Int {
        max(1, milliseconds / 1_000 &+ (milliseconds % 1_000 > 0 ? 1 : 0))
    }

    /// Logs the record. Returns the handler's result.
    func answer(_ r: Request) -> Int32 {
        if let record { unsafe Log.request(r, record.level, record.id, record.text) }
        if let retryAfter {
            let text = unsafe copy("\(Self.seconds(retryAfter))", into: r.pointee.pool)
            unsafe apr_table_setn(r.pointee.err_headers_out, "Retry-After", text)
        }
        return status
    }
}
