internal import CHTTPD
internal import WSGICore

/// Why a request ends without a response of its application: the status, and the record for the error log.
///
/// Thrown by whatever finds the reason, and logged in one place, where the handler returns to httpd.
struct Rejection: Error {
    /// The record.
    struct Record {
        let level: LogLevel
        let id: LogID
        let text: String
    }

    /// Why, for metrics.
    let id: LogID
    /// The handler's result; OK where the response is already on its way, or nobody waits for one.
    let status: Int32
    /// `nil`: there has been one, or one a second is enough.
    let record: Record?
    /// Milliseconds after which the client may try again, for `Retry-After`.
    var retryAfter: Int?

    /// A rejection with a record at the level `error`.
    init(_ status: Int32, _ id: LogID, _ text: String) { self.init(status, .error, id, text) }

    /// A rejection with a record.
    init(_ status: Int32, _ level: LogLevel, _ id: LogID, _ text: String) {
        self.status = status
        self.id = id
        record = Record(level: level, id: id, text: text)
    }

    /// A rejection without a record: there has been one, or one a second is enough.
    init(_ status: Int32, withoutRecord id: LogID) {
        self.status = status
        self.id = id
        record = nil
    }

    /// The same, to be tried again after so many milliseconds.
    func retried(after milliseconds: Int) -> Rejection {
        var rejection = self
        rejection.retryAfter = milliseconds
        return rejection
    }

    /// Whole seconds for so many milliseconds, at least one.
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
