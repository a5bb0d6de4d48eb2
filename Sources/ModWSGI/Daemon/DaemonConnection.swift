internal import CEngineABI
internal import CHTTPD
internal import CSystem
internal import Glibc
internal import ProcessKit
internal import WSGIConfig
internal import WSGICore
internal import WSGIWire

/// A connection from this httpd child to a worker, for one request at a time.
///
/// Owned by the request that uses it, or by the pool of its slot while idle. Reads and writes block for up to
/// `socket-timeout`, as long as the request's `WorkerWatch` allows it.
@safe struct DaemonConnection: ~Copyable {
    /// The socket.
    let descriptor: Int32
    /// Access to the group of its worker.
    let access: WorkerAccess
    /// The generation of its worker, as known when the connection was made.
    let generation: UInt32
    /// The secret that its introduction contains.
    let secret: ConnectionSecret
    /// Whether the introduction has been sent.
    private var isIntroduced = false
    /// The number of its last request.
    private var number: UInt16 = 0

    /// The reason why a connection could not be made or used.
    enum Failure: Error {
        /// The worker has not received the whole request and never will: it is safe to send it to another worker.
        case retry
        /// Nothing was received or sent in time.
        case timeout
        /// The worker has closed the connection; the application may have been entered.
        case closed
        /// A system call failed with this errno.
        case system(Int32)
        /// The worker violated the protocol.
        case invalid(AnswerOrder.Fault)
    }

    /// Connects to the socket of a slot.
    ///
    /// - Throws: `.retry` if the listener no longer exists or its secret has changed, `.timeout` if its queue
    ///   stays full.
    static func connect(
        to address: SocketAddress, of access: WorkerAccess, generation: UInt32, secret: ConnectionSecret
    ) throws(Failure) -> DaemonConnection {
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw .system(errno) }
        let connection = DaemonConnection(
            descriptor: descriptor, access: access, generation: generation, secret: secret)
        CurrentProcess.guardFromForks(descriptor, true)
        // For UNIX sockets only the sender's buffer size has an effect, so the worker's receive size is set for
        // sending.
        StreamSocket.setBuffers(
            descriptor, send: access.settings.buffers.receive, receive: access.settings.buffers.send)
        // SO_SNDTIMEO also limits the wait of connect() for a place in a full queue.
        connection.setTimeout(SO_SNDTIMEO, seconds: access.settings.connectTimeout)
        guard address.connect(descriptor) else {
            let error = errno
            switch error {
            case ECONNREFUSED, ENOENT: throw .retry
            case EAGAIN: throw .timeout
            default: throw .system(error)
            }
        }
        // If the secret has changed, the socket may have been replaced: its listener must not receive the old secret.
        guard access.secret == secret else { throw .retry }
        connection.setTimeout(SO_SNDTIMEO, seconds: WorkerWatch.interval)
        connection.setTimeout(SO_RCVTIMEO, seconds: WorkerWatch.interval)
        return connection
    }

    private init(descriptor: Int32, access: WorkerAccess, generation: UInt32, secret: ConnectionSecret) {
        self.descriptor = descriptor
        self.access = access
        self.generation = generation
        self.secret = secret
    }

    /// A number for the next request, which distinguishes its response from that of an earlier one.
    mutating func nextNumber() -> UInt16 {
        number &+= 1
        return number
    }

    /// Whether no data arrived between two requests. Otherwise the connection must not be used again.
    var isQuiet: Bool {
        var byte: UInt8 = 0
        return unsafe withUnsafeMutableBytes(of: &byte) { unsafe StreamSocket.peek(descriptor, $0) }
            == StreamSocket.timedOut
    }

    deinit {
        CurrentProcess.guardFromForks(descriptor, false)
        unsafe wsgi_close_connection(descriptor, access.closing)
    }

    /// Sends the first message of a request.
    ///
    /// - Throws: `.retry` if the worker is retiring; then the application has not been entered.
    mutating func sendRequest(_ message: UnsafeRawBufferPointer, _ watch: inout WorkerWatch) throws(Failure) {
        do throws(Failure) {
            guard isIntroduced else {
                isIntroduced = true
                return try unsafe introduce(message, &watch)
            }
            try unsafe send(message, &watch)
        } catch .closed { throw .retry }
    }

    /// Sends the introduction and the first message with one system call, as far as there is room.
    private func introduce(_ message: UnsafeRawBufferPointer, _ watch: inout WorkerWatch) throws(Failure) {
        let sent = unsafe Introduction(secret: secret, generation: generation).withBytes { introduction in
            let parts = unsafe [
                iovec(
                    iov_base: UnsafeMutableRawPointer(mutating: introduction.baseAddress), iov_len: introduction.count),
                iovec(iov_base: UnsafeMutableRawPointer(mutating: message.baseAddress), iov_len: message.count),
            ]
            return unsafe wsgi_send_parts(descriptor, parts, parts.count, nil, 0, true)
        }
        guard sent >= 0 else { throw Self.failure(Int32(truncatingIfNeeded: -sent)) }
        // The introduction is so short that the system takes all of it or nothing.
        try unsafe send(UnsafeRawBufferPointer(rebasing: message[max(Int(sent) - Introduction.size, 0)...]), &watch)
    }

    /// Makes the worker's writes fail, because no one reads them, and makes it close the connection when its thread is
    /// done, even if it is done already: the ABORT frame does not begin a request.
    func abort() {
        StreamSocket.shutDownReading(descriptor)
        var frame = ByteBuffer(capacity: Frame.headerSize)
        let reason = UInt16(truncatingIfNeeded: 0 &- WSGI_TRANSPORT_DISCONNECTED.rawValue)
        Frame.append(Frame.Header(kind: .abort, length: 0, detail: reason), to: &frame)
        unsafe StreamSocket.sendAtOnce(descriptor, frame.bytes)
    }

    /// Sends all of `message`.
    func send(_ message: UnsafeRawBufferPointer, _ watch: inout WorkerWatch) throws(Failure) {
        var sent = 0
        while sent < message.count {
            let count = unsafe Glibc.send(
                descriptor, message.baseAddress.map { unsafe $0 + sent }, message.count - sent, Int32(MSG_NOSIGNAL))
            if count >= 0 {
                sent += count
                if sent == message.count { return }
                watch.transferred(0)
            } else if errno != EINTR {
                let failure = Self.failure(errno)
                guard case .timeout = failure, watch.mayWait() else { throw failure }
            }
            // A worker that has ended takes nothing.
            guard watch.expected(on: descriptor) == .max else { throw .closed }
        }
    }

    /// Receives available data, at least one byte and at most the size of `buffer`, and the descriptor sent with it.
    ///
    /// - Parameter waits: Whether to wait for data, for `WorkerWatch.interval`.
    /// - Throws: `.timeout` if nothing has arrived. `.retry` if the connection was reset: the worker closed it with the request unread. `.closed` at its
    ///   end. `.invalid` for a second descriptor: a response has one file.
    func receive(
        into buffer: UnsafeMutableRawBufferPointer, file: inout Int32, waits: Bool
    ) throws(Failure) -> Int {
        guard let start = buffer.baseAddress else { return 0 }
        var came: Int32 = -1
        var cameCount = 0
        var part = unsafe iovec(iov_base: start, iov_len: buffer.count)
        let count = unsafe wsgi_receive_answer(descriptor, &part, &came, &cameCount, access.closing, waits)
        if cameCount > 0 {
            guard file < 0 else {
                access.closeForeign(came)
                throw .invalid(.descriptor)
            }
            file = came
        }
        if count > 0 { return Int(count) }
        if count == 0 { throw .closed }
        switch Int32(truncatingIfNeeded: -count) {
        case ECONNRESET: throw .retry
        case EMSGSIZE:
            // Either too many descriptors were sent, or this process has reached its limit of open files.
            let spare = dup(descriptor)
            guard spare >= 0 else { throw .system(errno) }
            Glibc.close(spare)
            throw .invalid(.descriptor)
        case let error: throw Self.failure(error)
        }
    }

    private static func failure(_ error: Int32) -> Failure {
        switch error {
        case EPIPE, ECONNRESET, ENOTCONN: .closed
        case EAGAIN: .timeout
        default: .system(error)
        }
    }

    private func setTimeout(_ option: Int32, seconds: Int) {
        var time = timeval(tv_sec: seconds, tv_usec: 0)
        unsafe setsockopt(descriptor, SOL_SOCKET, option, &time, socklen_t(MemoryLayout<timeval>.size))
    }
}
