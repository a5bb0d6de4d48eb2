internal import CEngineABI
internal import CHTTPD
internal import CSystem

/// The body of a request, read from httpd's input filters on demand.
///
/// Used on the request's thread only. The first read makes httpd send `100 Continue` if the client expects it.
@safe struct ClientBody: ~Copyable {
    private let request: Request
    private let brigade: UnsafeMutablePointer<apr_bucket_brigade>
    private var state = State.open
    /// The time that reading has taken, in nanoseconds.
    private(set) var reading: UInt64 = 0

    private enum State {
        case open
        case ended
        case failed(wsgi_transport_error)
    }

    /// Whether the end has been reached.
    var hasEnded: Bool {
        if case .ended = state { true } else { false }
    }

    /// A body of which nothing has been read.
    init(of request: Request) {
        unsafe self.request = request
        unsafe brigade = chttpd_brigade(request)
    }

    /// Reads up to `capacity` bytes into `buffer`: waits for the first byte, then takes all that are available. httpd's
    /// input filters return at most 8,000 bytes at a time, even if the client has sent more.
    ///
    /// - Returns: The count, 0 at the end, or a `wsgi_transport_error`, which all later reads return too.
    mutating func read(into buffer: UnsafeMutableRawPointer, capacity: Int) -> Int64 {
        let start = wsgi_monotonic_nanoseconds()
        defer { reading = reading &+ (wsgi_monotonic_nanoseconds() &- start) }
        while true {
            switch state {
            case .ended: return 0
            case .failed(let error): return Int64(error.rawValue)
            case .open: break
            }
            if unsafe chttpd_is_empty(brigade) {
                var rejection: Int32 = 0
                let status = unsafe chttpd_read_body(request, brigade, apr_off_t(capacity), true, &rejection)
                guard status == APR_SUCCESS, rejection == 0 else {
                    fail(status, rejection)
                    continue
                }
            }
            var count = unsafe take(into: buffer, capacity: capacity)
            if count == 0 { continue }
            while count < capacity, hasMore(capacity - count) {
                count += unsafe take(into: buffer + count, capacity: capacity - count)
            }
            return Int64(count)
        }
    }

    /// Whether more of the body is available without waiting.
    private mutating func hasMore(_ length: Int) -> Bool {
        guard case .open = state else { return false }
        var rejection: Int32 = 0
        let status = unsafe chttpd_read_body(request, brigade, apr_off_t(length), false, &rejection)
        if status == APR_SUCCESS, rejection == 0 { return unsafe !chttpd_is_empty(brigade) }
        if rejection != 0 || !chttpd_status_is_again(status) { fail(status, rejection) }
        return false
    }

    /// Copies the contents of the brigade, which never holds more than one call requested, but possibly in pieces.
    private mutating func take(into buffer: UnsafeMutableRawPointer, capacity: Int) -> Int {
        var count = 0
        while unsafe !chttpd_is_empty(brigade), count < capacity {
            guard let bucket = unsafe chttpd_first(brigade) else { break }
            if unsafe chttpd_is_eos(bucket) {
                state = .ended
                unsafe apr_brigade_cleanup(brigade)
                break
            }
            var data: CText?
            var length: apr_size_t = 0
            if unsafe !chttpd_is_metadata(bucket) {
                let status = unsafe chttpd_read(bucket, &data, &length)
                guard status == APR_SUCCESS else {
                    fail(status)
                    break
                }
            }
            let room = capacity - count
            if length > room { unsafe chttpd_split(bucket, apr_size_t(room)) }
            let taken = min(Int(length), room)
            if let data = unsafe data, taken > 0 { unsafe (buffer + count).copyMemory(from: data, byteCount: taken) }
            count += taken
            unsafe chttpd_delete(bucket)
        }
        return count
    }

    /// - Parameter rejection: The status with which httpd would have rejected the request.
    private mutating func fail(_ status: apr_status_t, _ rejection: Int32 = 0) {
        unsafe chttpd_close_after(request.pointee.connection)
        let error: wsgi_transport_error =
            if chttpd_status_is_timeup(status) || status == EAGAIN || rejection == HTTP_REQUEST_TIME_OUT {
                WSGI_TRANSPORT_TIMEOUT
            } else if status == ENOSPC || rejection == HTTP_REQUEST_ENTITY_TOO_LARGE {
                WSGI_TRANSPORT_TOO_LARGE
            } else if unsafe chttpd_aborted(request.pointee.connection) || chttpd_status_is_eof(status)
                || status == ECONNRESET || status == ECONNABORTED || status == EPIPE
            {
                WSGI_TRANSPORT_DISCONNECTED
            } else {
                WSGI_TRANSPORT_INVALID
            }
        state = .failed(error)
    }
}
