internal import CEngineABI
internal import CHTTPD
internal import WSGICore

/// The rejection of a request whose body could not be read.
func bodyRejection(_ error: Int64, of r: Request) -> Rejection {
    unsafe logBodyFailure(error, of: r)
    return switch Int32(truncatingIfNeeded: error) {
    case WSGI_TRANSPORT_TIMEOUT.rawValue: Rejection(HTTP_REQUEST_TIME_OUT, withoutRecord: .bodyFailed)
    case WSGI_TRANSPORT_TOO_LARGE.rawValue: Rejection(HTTP_REQUEST_ENTITY_TOO_LARGE, withoutRecord: .bodyFailed)
    default: Rejection(HTTP_BAD_REQUEST, withoutRecord: .bodyFailed)
    }
}

/// Logs that a body could not be read, and why.
func logBodyFailure(_ error: Int64, of r: Request) {
    // Disconnects are common, and an administrator need not act on them.
    let level: LogLevel = error == Int64(WSGI_TRANSPORT_DISCONNECTED.rawValue) ? .debug : .info
    unsafe Log.request(r, level, .bodyFailed, "The request body could not be read: \(bodyFailureReason(error)).")
}

/// The reason, as text for the log.
private func bodyFailureReason(_ error: Int64) -> String {  // cold: text of a record
    switch Int32(truncatingIfNeeded: error) {
    case WSGI_TRANSPORT_TIMEOUT.rawValue: "the client did not send it in time"
    case WSGI_TRANSPORT_TOO_LARGE.rawValue: "it is larger than LimitRequestBody"
    case WSGI_TRANSPORT_DISCONNECTED.rawValue: "the client closed the connection"
    default: "it is malformed"
    }
}
