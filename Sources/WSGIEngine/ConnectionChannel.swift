internal import CSystem
internal import ProcessKit
internal import WSGIWire

/// One thread's end of the connection that it has taken: frames in, frames out, buffers that serve again and again.
///
/// Errors are those of `wsgi_transport`; one on the connection stays, so everything after it fails alike.
@safe struct ConnectionChannel: ~Copyable {
    /// How much of a response is gathered before it is sent.
    static let outputCapacity = 64 << 10

    private var socket: Int32 = -1
    /// The thread's record, which says whether the connection was taken away from it.
    private let record: UnsafeMutablePointer<wsgi_thread_record>
    private var input: ReceiveBuffer
    private var output: ByteBuffer
    /// 0, or why the connection is of no use any more.
    private var failure: Int32 = 0
    private var body = Body.none
    /// Whether bytes were left in the socket on purpose.
    private(set) var hasUnread = false

    /// How far the request body is.
    private enum Body {
        /// There is none to be asked for, or it has ended.
        case none
        /// There may be more.
        case more
        /// It broke off.
        case failed(Int32)
    }

    /// A channel without a connection, for the thread of this record.
    init(_ record: UnsafeMutablePointer<wsgi_thread_record>) {
        unsafe self.record = record
        input = ReceiveBuffer()
        output = ByteBuffer(capacity: Self.outputCapacity + 64)
    }

    /// Begins with a connection that was taken.
    mutating func begin(_ socket: Int32) {
        self.socket = socket
        failure = 0
        hasUnread = false
    }

    // MARK: - The request

    /// The encoded request head, with an inline body.
    var request: UnsafeRawBufferPointer { unsafe input.payload }

    /// Receives a whole REQUEST frame. False: the other end has closed, or sends what cannot be.
    mutating func receiveRequest() -> Bool {
        guard input.receiveFrame(socket, expecting: .request) else { return false }
        body = unsafe Self.bodyFollows(request) ? .more : .none
        return true
    }

    /// The other end cannot send any more: whether what it has sent is a whole request, with nothing yet to come.
    /// Otherwise it is left unread.
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

    /// Asks for more of the request body and waits for it.
    mutating func readBody(_ buffer: UnsafeMutableRawBufferPointer) -> Int64 {
        switch body {
        case .none: return 0
        case .failed(let error): return Int64(error)
        case .more: break
        }
        guard buffer.count > 0 else { return 0 }
        let wanted = min(buffer.count, Frame.maximumBodyChunk)
        Frame.append(Frame.Header(kind: .go, length: 4), to: &output)
        output.append(UInt32(truncatingIfNeeded: wanted))
        guard flush() == 0 else { return Int64(failure) }
        return unsafe Int64(receiveAnswer(UnsafeMutableRawBufferPointer(rebasing: buffer[..<wanted])))
    }

    /// Receives the answer to GO; its payload goes straight to its place.
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

    // MARK: - The response

    /// Sends an interim response, at once.
    mutating func sendHints(_ head: UnsafeRawBufferPointer) -> Int32 { unsafe send(.hints, head, flush: true) }

    /// Appends the response head.
    mutating func sendHead(_ head: UnsafeRawBufferPointer) -> Int32 { unsafe send(.head, head, flush: false) }

    /// Appends a block of the response body, and sends everything when `flush` is set or the buffer is full.
    mutating func sendData(_ data: UnsafeRawBufferPointer, flush: Bool) -> Int32 {
        // A frame's length is 32 bits.
        let most = 1 << 30
        let flags = flush ? Frame.flushed : 0
        guard data.count > most else { return unsafe send(.data, data, flags: flags, flush: flush) }
        var rest = unsafe data
        while rest.count > 0 {
            let result = unsafe send(.data, UnsafeRawBufferPointer(rebasing: rest.prefix(most)), flush: true)
            guard result == 0 else { return result }
            unsafe rest = unsafe UnsafeRawBufferPointer(rebasing: rest.dropFirst(most))
        }
        return 0
    }

    /// Hands a part of a regular file on: the descriptor itself.
    mutating func sendFile(_ descriptor: Int32, offset: Int64, length: Int64) -> Int32 {
        guard flush() == 0 else { return failure }
        Frame.append(Frame.Header(kind: .file, length: 16), to: &output)
        output.append(offset)
        output.append(length)
        let result = sending { unsafe StreamSocket.send(socket, output.bytes, descriptor: descriptor) }
        output.reset()
        return note(result)
    }

    /// Sends a line for the request's error log. False: the child is gone.
    mutating func log(_ level: Int32, _ text: UnsafeRawBufferPointer) -> Bool {
        let text = unsafe UnsafeRawBufferPointer(rebasing: text.prefix(1 << 20))
        // At once: a line says most about a request that does not end.
        return unsafe send(.log, text, flags: UInt8(truncatingIfNeeded: level), flush: true) == 0
    }

    /// Ends the response as `Adapter.run` says. False: the connection is of no further use.
    mutating func conclude(_ outcome: Int32, generation: UInt32) -> Bool {
        input.reset()
        switch outcome {
        case WSGI_OUTCOME_COMPLETE.rawValue: Frame.append(Frame.Header(kind: .end, length: 0), to: &output)
        case WSGI_OUTCOME_SHORT.rawValue:
            Frame.append(Frame.Header(kind: .end, length: 0, flags: Frame.short), to: &output)
        case WSGI_OUTCOME_RELOAD.rawValue: appendReload(generation)
        case WSGI_OUTCOME_UNUSABLE.rawValue: appendReload(generation, flags: Frame.unusable)
        case 1...: appendError(outcome)
        default:
            Frame.append(Frame.Header(kind: .cut, length: 0), to: &output)
            _ = flush()
            return false
        }
        return flush() == 0
    }

    /// Gives the request back before the application was entered: the worker takes no more.
    mutating func handBack(generation: UInt32) {
        input.reset()
        appendReload(generation, flags: Frame.spent)
        _ = flush()
    }

    /// What the socket has is not for this worker.
    mutating func leaveUnread() { hasUnread = true }

    private mutating func appendReload(_ generation: UInt32, flags: UInt8 = 0) {
        Frame.append(Frame.Header(kind: .reload, length: MemoryLayout<UInt32>.size, flags: flags), to: &output)
        output.append(generation)
    }

    private mutating func appendError(_ status: Int32) {
        Frame.append(Frame.Header(kind: .error, length: 0, detail: UInt16(clamping: status)), to: &output)
    }

    // MARK: - Sending

    private mutating func send(
        _ kind: Frame.Kind, _ payload: UnsafeRawBufferPointer, flags: UInt8 = 0, flush flushes: Bool
    ) -> Int32 {
        guard failure == 0 else { return failure }
        Frame.append(Frame.Header(kind: kind, length: payload.count, flags: flags), to: &output)
        guard output.count &+ payload.count <= Self.outputCapacity else {
            let result = sending { unsafe StreamSocket.send(socket, output.bytes, payload) }
            output.reset()
            return note(result)
        }
        unsafe output.append(payload)
        return flushes ? flush() : 0
    }

    private mutating func flush() -> Int32 {
        guard output.count > 0, failure == 0 else {
            output.reset()
            return failure
        }
        let result = sending { unsafe StreamSocket.send(socket, output.bytes) }
        output.reset()
        return note(result)
    }

    /// Sends, unless the connection was taken away: its end must not come into the middle of a frame.
    private func sending(_ send: () -> Int) -> Int {
        defer { unsafe wsgi_record_leave_send(record) }
        return unsafe wsgi_record_enter_send(record) ? send() : StreamSocket.disconnected
    }

    // MARK: - Failures

    private mutating func note(_ result: Int) -> Int32 {
        if result < 0 { failure = Self.error(result) }
        return failure
    }

    /// Reading the body has failed: neither it nor the connection can be used any more.
    private mutating func broken(_ result: Int) -> Int {
        failure = result == 0 ? WSGI_TRANSPORT_DISCONNECTED.rawValue : Self.error(result)
        body = .failed(failure)
        return Int(failure)
    }

    private mutating func broken(_ error: wsgi_transport_error) -> Int {
        failure = error.rawValue
        body = .failed(failure)
        return Int(failure)
    }

    private static func error(_ result: Int) -> Int32 {
        switch result {
        case StreamSocket.disconnected: WSGI_TRANSPORT_DISCONNECTED.rawValue
        case StreamSocket.timedOut: WSGI_TRANSPORT_TIMEOUT.rawValue
        default: WSGI_TRANSPORT_FAILED.rawValue
        }
    }
}
