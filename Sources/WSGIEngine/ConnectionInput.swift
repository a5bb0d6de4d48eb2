internal import CEngineABI
internal import ProcessKit
internal import WSGIWire

/// The receiving end of a connection: the request and the rest of its body. One thread at a time.
///
/// Errors are those of `wsgi_transport`. An error on the connection persists, and all later sends fail with it.
@safe struct ConnectionInput: ~Copyable {
    private let output: ConnectionOutput
    private var socket: Int32 = -1
    private var input = ReceiveBuffer()
    private var body = Body.none
    /// Whether bytes were left in the socket on purpose.
    private(set) var hasUnread = false

    /// The state of the request body.
    private enum Body {
        /// There is no more to request, or it has ended.
        case none
        /// There may be more.
        case more
        /// It broke off.
        case failed(Int32)
    }

    /// An end without a connection, which requests data through `output`.
    init(_ output: ConnectionOutput) { self.output = output }

    /// Begins with a connection that was taken.
    mutating func begin(_ socket: Int32) {
        self.socket = socket
        hasUnread = false
    }

    /// The request is finished: its memory is reused for the next one.
    mutating func reset() { input.reset() }

    /// Leaves the data in the socket unread: it is not for this worker.
    mutating func leaveUnread() { hasUnread = true }

    // MARK: - The request

    /// The request's number, which each frame of its response carries.
    var number: UInt16 { input.detail }

    /// The encoded request head, with an inline body.
    var request: UnsafeRawBufferPointer { unsafe input.payload }

    /// Receives a whole REQUEST frame. False: the other end has closed, or sends an invalid frame.
    mutating func receiveRequest() -> Bool {
        guard input.receiveFrame(socket, expecting: .request) else { return false }
        output.begin(request: number)
        body = unsafe Self.bodyFollows(request) ? .more : .none
        return true
    }

    /// Called when the other end can no longer send. Whether the received data is a whole request, with no more to
    /// come. Otherwise it is left unread.
    mutating func peekIsComplete() -> Bool {
        switch unsafe input.peekFrame(socket, expecting: .request) {
        case .none:
            return false
        case .some(let payload):
            hasUnread = unsafe payload.map(Self.bodyFollows) ?? true
            return !hasUnread
        }
    }

    private static func bodyFollows(_ head: UnsafeRawBufferPointer) -> Bool {
        guard head.count >= 4 else { return false }
        return unsafe RequestHead.Flags(rawValue: head.loadUnaligned(as: UInt32.self)).contains(.bodyFollows)
    }

    // MARK: - The body

    /// Requests more of the request body and waits for it.
    mutating func readBody(_ buffer: UnsafeMutableRawBufferPointer) -> Int64 {
        switch body {
        case .none: return 0
        case .failed(let error): return Int64(error)
        case .more: break
        }
        guard buffer.count > 0 else { return 0 }
        let wanted = min(buffer.count, Frame.maximumBodyChunk)
        let failure = output.ask(wanted)
        guard failure == 0 else { return Int64(failure) }
        return unsafe Int64(receiveAnswer(UnsafeMutableRawBufferPointer(rebasing: buffer[..<wanted])))
    }

    /// Receives the response to GO. Its payload is read directly into its destination.
    private mutating func receiveAnswer(_ buffer: UnsafeMutableRawBufferPointer) -> Int {
        var space: UInt64 = 0
        return unsafe withUnsafeMutableBytes(of: &space) { header in
            var count = 0
            while count < Frame.headerSize {
                let got = unsafe StreamSocket.receive(
                    socket, UnsafeMutableRawBufferPointer(rebasing: header[count...]), buffer)
                guard got > 0 else { return broken(got) }
                count = count &+ got
            }
            guard let answer = unsafe try? Frame.header(UnsafeRawBufferPointer(header)) else {
                return broken(WSGI_TRANSPORT_INVALID)
            }
            return unsafe take(answer, received: count &- Frame.headerSize, buffer)
        }
    }

    private mutating func take(_ answer: Frame.Header, received: Int, _ buffer: UnsafeMutableRawBufferPointer) -> Int {
        switch BodyAnswer(answer, room: buffer.count, received: received) {
        case .bytes(let length):
            var count = received
            while count < length {
                let got = unsafe StreamSocket.receive(
                    socket, UnsafeMutableRawBufferPointer(rebasing: buffer[count..<length]))
                guard got > 0 else { return broken(got) }
                count = count &+ got
            }
            return length
        case .end:
            body = .none
            return 0
        case .abort(let detail):
            let error = detail == 0 ? WSGI_TRANSPORT_FAILED.rawValue : 0 &- Int32(detail)
            body = .failed(error)
            return Int(error)
        case .invalid:
            return broken(WSGI_TRANSPORT_INVALID)
        }
    }

    /// Called when reading the body has failed: neither the body nor the connection is usable any longer.
    private mutating func broken(_ result: Int) -> Int {
        fail(result == 0 ? WSGI_TRANSPORT_DISCONNECTED.rawValue : ConnectionOutput.error(result))
    }

    private mutating func broken(_ error: wsgi_transport_error) -> Int { fail(error.rawValue) }

    private mutating func fail(_ error: Int32) -> Int {
        output.fail(error)
        body = .failed(error)
        return Int(error)
    }
}
