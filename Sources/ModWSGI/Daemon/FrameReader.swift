internal import CSystem
internal import WSGIWire

/// Reads a worker's frames from a connection through one buffer of fixed size.
///
/// Returned bytes lie in the buffer and are valid until the next call.
@safe struct FrameReader: ~Copyable {
    private let connection: UnsafeMutablePointer<DaemonConnection>
    private let access: WorkerAccess
    private var watch: WorkerWatch
    /// Data of this connection that a nested request may have received.
    private let held: UnsafeMutablePointer<HeldThread>
    private var window: FrameWindow
    /// A payload longer than the buffer.
    private var large = ByteBuffer(capacity: 64)
    private var file: Int32 = -1
    private var isPoisoned = false
    /// Whether any data has arrived: then the worker has the request.
    private(set) var hasReceived = false

    init(
        _ connection: UnsafeMutablePointer<DaemonConnection>, _ watch: consuming WorkerWatch,
        _ scratch: UnsafeMutablePointer<Scratch>
    ) {
        unsafe self.connection = connection
        self.watch = watch
        access = unsafe connection.pointee.access
        unsafe held = scratch.pointee.held
        window = unsafe FrameWindow(scratch.pointee.input)
    }

    deinit { if file >= 0 { access.closeForeign(file) } }

    /// DATA of up to this many bytes is joined to the preceding data instead of being passed on separately.
    static let smallData = 4 << 10

    /// Whether all received data has been taken, and the connection may serve another request.
    var isDrained: Bool { !hasBytes && !isPoisoned }

    /// Whether there is received data that has not been taken.
    var hasBytes: Bool { unsafe window.count > 0 || held.pointee.hasKept }

    /// The connection's socket.
    var descriptor: Int32 { unsafe connection.pointee.descriptor }

    /// Marks the connection as not to be used again.
    mutating func poison() { isPoisoned = true }

    /// Takes the header of the next frame.
    mutating func header() throws(DaemonConnection.Failure) -> Frame.Header {
        try fill(Frame.headerSize)
        do { return try window.takeHeader() } catch { throw .invalid(.frame) }
    }

    /// Takes the whole payload of a frame.
    mutating func payload(_ length: Int) throws(DaemonConnection.Failure) -> UnsafeRawBufferPointer {
        guard length > window.capacity else {
            try fill(length)
            return unsafe window.take(length)
        }
        large.reset()
        while large.count < length { unsafe large.append(try piece(atMost: length &- large.count)) }
        return unsafe large.bytes
    }

    /// Takes the available part of a payload, at least one byte.
    mutating func piece(atMost length: Int) throws(DaemonConnection.Failure) -> UnsafeRawBufferPointer {
        if window.count == 0 { try fill(1) }
        return unsafe window.take(length)
    }

    /// The header of the next frame, if the whole frame has arrived: taking it neither waits nor moves data.
    var following: Frame.Header? { window.following }

    /// Takes the payload of the following frame, and returns it joined to `taken`, the piece taken last.
    mutating func join(_ next: Frame.Header, to taken: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer? {
        unsafe window.join(next, to: taken)
    }

    /// Notes the unread data before data is passed to filters, which may make requests of their own.
    ///
    /// - Parameter payloadLeft: Bytes of the current frame's payload that have not been taken.
    func willPass(payloadLeft: Int) {
        unsafe held.pointee.willPass(descriptor, unread: window.bytes, payloadLeft: payloadLeft)
    }

    /// Ends what `willPass` began.
    func didPass() { unsafe held.pointee.didPass() }

    /// Whether a received descriptor has not been taken.
    var hasFile: Bool { unsafe file >= 0 || held.pointee.hasFile }

    /// Takes the descriptor that arrived with the last frames. The caller owns it.
    mutating func takeFile() -> Int32? {
        guard file >= 0 else { return unsafe held.pointee.takeFile() }
        defer { file = -1 }
        return file
    }

    /// Sends a message to the worker.
    mutating func send(_ message: UnsafeRawBufferPointer) throws(DaemonConnection.Failure) {
        try unsafe connection.pointee.send(message, &watch)
    }

    /// Receives until `count` bytes, at most the buffer's size, lie in one piece.
    private mutating func fill(_ count: Int) throws(DaemonConnection.Failure) {
        while window.count < count {
            let room = unsafe window.room(for: count)
            if unsafe held.pointee.hasKept {
                window.received(unsafe held.pointee.takeKept(into: room))
                continue
            }
            window.received(try unsafe receive(into: room))
            hasReceived = true
        }
    }

    /// Whether a part of what was sent is still in the connection.
    private var hasUnreadRequest: Bool { wsgi_has_unread_bytes(descriptor) }

    /// Receives available data, at least one byte, and waits for it if necessary.
    private mutating func receive(
        into room: UnsafeMutableRawBufferPointer
    ) throws(DaemonConnection.Failure) -> Int {
        while true {
            guard let expected = watch.expected(on: descriptor) else { throw .closed }
            // With one byte more than expected, the end of the connection is seen, and data of another process.
            let part = unsafe expected < room.count ? UnsafeMutableRawBufferPointer(rebasing: room[...expected]) : room
            do throws(DaemonConnection.Failure) {
                let count = try unsafe connection.pointee.receive(into: part, file: &file, waits: expected == .max)
                guard count <= expected else { throw .closed }
                watch.transferred(count)
                return count
            } catch {
                guard case .timeout = error else { throw error }
                // A worker that was killed may not have accepted the connection: its successor will not serve it.
                guard expected == .max else { throw hasReceived || !hasUnreadRequest ? .closed : .retry }
                guard watch.mayWait() else { throw error }
            }
        }
    }
}
