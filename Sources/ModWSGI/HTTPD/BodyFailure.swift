internal import CEngineABI
internal import CHTTPD
internal import WSGICore

/// The status for a body that could not be read.
func bodyFailureStatus(_ error: Int64) -> Int32 {
    switch Int32(truncatingIfNeeded: error) {
    case WSGI_TRANSPORT_TIMEOUT.rawValue: HTTP_REQUEST_TIME_OUT
    case WSGI_TRANSPORT_TOO_LARGE.rawValue: HTTP_REQUEST_ENTITY_TOO_LARGE
    default: HTTP_BAD_REQUEST
    }
}

/// Says that a body could not be read, and why.
func logBodyFailure(_ error: Int64, of r: Request) {
    // A client that goes away is nothing to report to an administrator.
    let level: Log.Level = error == Int64(WSGI_TRANSPORT_DISCONNECTED.rawValue) ? .debug : .info
    unsafe Log.request(r, level, .bodyFailed, "The request body could not be read: \(bodyFailureReason(error)).")
}

/// The reason in words.
private func bodyFailureReason(_ error: Int64) -> String {
    switch Int32(truncatingIfNeeded: error) {
    case WSGI_TRANSPORT_TIMEOUT.rawValue: "the client did not send it in time"
    case WSGI_TRANSPORT_TOO_LARGE.rawValue: "it is larger than LimitRequestBody"
    case WSGI_TRANSPORT_DISCONNECTED.rawValue: "the client closed the connection"
    default: "it is malformed"
    }
}
