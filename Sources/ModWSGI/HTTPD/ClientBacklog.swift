internal import CHTTPD
internal import CSystem
internal import Glibc

/// Data from a worker that a slow client has not accepted yet. It frees the worker as soon as its response is complete.
///
/// Used on the request's thread only. Memory is bounded by `limit` regardless of the block sizes: blocks are copied into
/// buckets of one size, which are counted with APR's overhead. Files use none.
@safe struct ClientBacklog: ~Copyable {
    /// The reason why waiting ended.
    enum Event {
        /// The worker has sent data, or has closed the connection.
        case worker
        /// The client accepts more data.
        case client
        /// Neither happened in time.
        case timeout
    }

    private let request: Request
    private let limit: Int
    /// The client's socket; -1 for a stream of HTTP/2, which shares one.
    private let socket: Int32
    private var brigade: UnsafeMutablePointer<apr_bucket_brigade>?
    /// Number of waiting buckets, without files.
    private var buckets = 0
    /// Bytes passed on since the client's socket was last checked.
    private var unchecked = 0
    /// When this count began, for a stream, whose client is not checked: microseconds.
    private var countedSince: Int64 = 0
    /// Number of bytes passed on at a time; grows while the client accepts them.
    private var portion = leastPortion

    private static let leastPortion = 16 << 10
    private static let largestPortion = 128 << 10
    /// Number of bytes passed on before the client's socket is checked again: less than any socket's buffer, and no more
    /// than mod_http2 accepts for a stream that is not read.
    private static let checkInterval = 32 << 10
    /// Milliseconds that a worker which sends much at once may pause before waiting data is passed on to a stream of
    /// HTTP/2, which may block as long as the client wishes.
    private static let patience: Int32 = 100
    /// Microseconds within which such a worker sends `checkInterval` bytes.
    private static let burst: Int64 = 1_000_000

    /// Room below the limit at which the backlog counts as full: one more received block, in buckets, must not exceed the
    /// limit by more than the block.
    private static let slack = 16 << 10

    /// An empty backlog that holds up to `limit` bytes.
    init(of request: Request, limit: Int) {
        unsafe self.request = request
        self.limit = limit
        socket = unsafe chttpd_client_socket(request)
    }

    /// Whether no data waits.
    var isEmpty: Bool {
        guard let waiting = unsafe brigade else { return true }
        return unsafe chttpd_is_empty(waiting)
    }
    /// Whether it is full.
    var isFull: Bool { buckets &* CHTTPD_BUCKET_COST &+ Self.slack >= limit }

    /// Whether `length` bytes can be passed on without a long wait.
    ///
    /// - Parameter worker: The connection to the worker. If the client's socket does not show its state, data that the
    ///   worker has ready is received first.
    mutating func clientTakes(_ length: Int, worker: Int32) -> Bool {
        guard isEmpty else { return false }
        if socket < 0, unchecked > 0, apr_time_now() &- countedSince > Self.burst { unchecked = 0 }
        if socket < 0, unchecked == 0 { countedSince = apr_time_now() }
        unchecked = unchecked &+ length
        if unchecked < Self.checkInterval { return true }
        unchecked = 0
        return socket >= 0
            ? isReady(socket, Int16(POLLOUT)) : !isReady(worker, Int16(POLLIN), Self.patience)
    }

    /// Whether some of the waiting data can be passed on now, or must be because there is no more room.
    mutating func isPortionDue() -> Bool {
        if isEmpty { return false }
        if socket >= 0, isReady(socket, Int16(POLLOUT)) {
            portion = min(portion &* 2, Self.largestPortion)
            return true
        }
        portion = Self.leastPortion
        return isFull
    }

    /// Keeps a copy of a block.
    mutating func add(_ data: UnsafeRawBufferPointer) {
        guard let start = data.baseAddress, let kept = unsafe kept() else { return }
        buckets = unsafe buckets &+ Int(chttpd_append_copy(kept, start, data.count))
    }

    /// Keeps copies of blocks that could not be passed on, and empties the brigade.
    mutating func add(_ blocks: UnsafeMutablePointer<apr_bucket_brigade>) {
        guard unsafe !chttpd_is_empty(blocks), let kept = unsafe kept() else { return }
        buckets = unsafe buckets &+ Int(chttpd_append_copies(kept, blocks))
    }

    /// Keeps a part of a file; the descriptor is closed with the request.
    ///
    /// - Returns: False if that is not possible; the descriptor is closed.
    mutating func addFile(_ descriptor: Int32, offset: Int64, length: Int64, sendfile: Bool) -> Bool {
        let status = unsafe chttpd_append_file(
            kept(), descriptor, apr_off_t(offset), apr_off_t(length), sendfile, request.pointee.pool)
        if status != APR_SUCCESS { wsgi_close_received(descriptor) }
        return status == APR_SUCCESS
    }

    /// Moves a portion of the waiting data into `target`.
    mutating func takePortion(into target: UnsafeMutablePointer<apr_bucket_brigade>) {
        guard let waiting = unsafe brigade else { return }
        let moved = unsafe chttpd_move_buckets(target, waiting, portion / CHTTPD_BUCKET_SIZE)
        buckets = max(0, buckets &- Int(moved))
    }

    /// Moves all waiting data into `target`.
    mutating func takeAll(into target: UnsafeMutablePointer<apr_bucket_brigade>) {
        if let waiting = unsafe brigade { unsafe chttpd_concatenate(target, waiting) }
        buckets = 0
    }

    /// Waits until the client accepts more data or the worker has sent some, for at most this number of seconds
    /// (0: httpd's `Timeout`).
    func wait(worker: Int32, seconds: Int) -> Event {
        guard socket >= 0 else {
            return !isFull && isReady(worker, Int16(POLLIN), Self.patience) ? .worker : .client
        }
        let timeout = unsafe seconds > 0 ? seconds : Int((request.pointee.server?.pointee.timeout ?? 0) / 1_000_000)
        let milliseconds = timeout > 0 ? Int32(clamping: timeout &* 1000) : -1
        var waited = [
            pollfd(fd: socket, events: Int16(POLLOUT), revents: 0),
            pollfd(fd: isFull ? -1 : worker, events: Int16(POLLIN), revents: 0),
        ]
        var result: Int32
        repeat { result = unsafe poll(&waited, 2, milliseconds) } while result < 0 && errno == EINTR
        if result == 0 { return .timeout }
        return waited[0].revents != 0 ? .client : .worker
    }

    private func isReady(_ descriptor: Int32, _ events: Int16, _ milliseconds: Int32 = 0) -> Bool {
        var one = pollfd(fd: descriptor, events: events, revents: 0)
        return unsafe poll(&one, 1, milliseconds) > 0
    }

    private mutating func kept() -> UnsafeMutablePointer<apr_bucket_brigade>? {
        if unsafe brigade == nil { unsafe brigade = chttpd_brigade(request) }
        return unsafe brigade
    }
}
