internal import CHTTPD
internal import WSGICore

/// The reason why a request ends without a response of its application: the status, and the record for the error log.
///
/// Thrown where the reason is found, and logged in one place, where the handler returns to httpd.
struct Rejection: Error {
    /// A record for the error log.
    struct Record {
        let level: LogLevel
        let id: LogID
        let text: String  // cold: text of a record
    }

    /// The reason, for metrics.
    let id: LogID
    /// The handler's result. OK if the response has already begun, or no client waits for one.
    let status: Int32
    /// The record. `nil` if one has been written already: such a record is written once, or once a second.
    let record: Record?
    /// Milliseconds after which the client may repeat the request, for `Retry-After`.
    var retryAfter: Int?

    /// A rejection with a record at the level `error`.
    // cold: text of a record
    init(_ status: Int32, _ id: LogID, _ text: String) { self.init(status, .error, id, text) }

    /// A rejection with a record.
    // cold: text of a record
    init(_ status: Int32, _ level: LogLevel, _ id: LogID, _ text: String) {
        self.status = status
        self.id = id
        record = Record(level: level, id: id, text: text)
    }

    /// A rejection without a record, because one has been written already: once, or within this second.
    init(_ status: Int32, withoutRecord id: LogID) {
        self.status = status
        self.id = id
        record = nil
    }

    /// The same rejection, with `Retry-After` after the given time.
    func retried(after milliseconds: Int) -> Rejection {
        var rejection = self
        rejection.retryAfter = milliseconds
        return rejection
    }

    /// Milliseconds rounded up to whole seconds, at least one.
    static func seconds(_ milliseconds: Int) -> Int {
        max(1, milliseconds / 1_000 &+ (milliseconds % 1_000 > 0 ? 1 : 0))
    }

    /// Logs the record. Returns the handler's result.
    func result(of r: Request) -> Int32 {
        if let record { unsafe Log.request(r, record.level, record.id, record.text) }
        if let retryAfter {
            let text = unsafe copy("\(Self.seconds(retryAfter))", into: r.pointee.pool)
            unsafe apr_table_setn(r.pointee.err_headers_out, "Retry-After", text)
        }
        return status
    }
}
