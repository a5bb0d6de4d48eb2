internal import CHTTPD
internal import CSystem
internal import Glibc

/// Data that a worker sent and a slow client has not taken yet. It frees the worker as soon as the response is made.
///
/// Used on the request's thread only. `limit` bounds the memory, whatever the sizes of the blocks: they are copied into
/// buckets of one size, which are counted with APR's overhead. Files do not count.
@safe struct ClientBacklog: ~Copyable {
    /// The reason why a wait has ended.
    enum Event {
        /// The worker has sent data or has closed the connection.
        case worker
        /// The client accepts more data.
        case client
        /// Neither happened in time.
        case timeout
    }

    private let request: Request
    private let limit: Int
    /// The client's socket. -1 for a stream of HTTP/2, which shares a socket with others.
    private let socket: Int32
    private var brigade: UnsafeMutablePointer<apr_bucket_brigade>?
    /// The number of waiting buckets, without files.
    private var buckets = 0
    /// The bytes passed on since the client's socket was last checked.
    private var unchecked = 0
    /// For a stream, which has no socket to check: when counting `unchecked` began, in microseconds.
    private var countedSince: Int64 = 0
    /// The bytes passed on at a time. Grows while the client takes them.
    private var portion = leastPortion

    private static let leastPortion = 16 << 10
    private static let largestPortion = 128 << 10
    /// The bytes passed on before the client's socket is checked again: less than the buffer of any socket, and at most
    /// what mod_http2 takes for a stream that its client does not read.
    private static let checkInterval = 32 << 10
    /// How long a worker that sends a burst may pause before data that waits for a stream of HTTP/2 is passed on, in
    /// milliseconds. Passing it on may take any time.
    private static let patience: Int32 = 100
    /// The time within which a burst reaches `checkInterval`, in microseconds.
    private static let burst: Int64 = 1_000_000

    /// The backlog counts as full this far below its limit, so that one more received block, in buckets, exceeds the
    /// limit by at most the block.
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
    /// Whether the limit is reached.
    var isFull: Bool { buckets &* CHTTPD_BUCKET_COST &+ Self.slack >= limit }

    /// Whether `length` bytes can be passed on without a long wait.
    ///
    /// - Parameter worker: The connection to the worker. For a client without a socket of its own, data that the worker
    ///   has ready is received first.
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

    /// Whether some waiting data can be passed on now, or must be because the backlog is full.
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

    /// Keeps a part of a file. The descriptor is closed with the request.
    ///
    /// - Returns: false if that is not possible. The descriptor is then closed already.
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

    /// Waits until the client takes more or the worker has sent data, but at most `seconds` (0: httpd's `Timeout`).
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
