internal import CEngineABI
internal import CSharedMemory
internal import ProcessKit
internal import WSGIWire

/// A thread's access to the connection that it has taken: frames in, frames out, reused buffers.
///
/// Any thread of the application may send and log while another one reads. The rest is for the request's thread only.
/// Errors are those of `wsgi_transport`. An error on the connection persists: all later calls fail with it.
@safe struct ConnectionChannel: ~Copyable {
    private let input: UnsafeMutablePointer<ConnectionInput>
    private let output: ConnectionOutput

    /// A channel without a connection, for the thread with this record.
    init(_ record: UnsafeMutablePointer<wsgi_thread_record>) {
        unsafe output = ConnectionOutput(record)
        unsafe input = UnsafeMutablePointer<ConnectionInput>.allocate(capacity: 1)
        unsafe input.initialize(to: ConnectionInput(output))
    }

    deinit {
        unsafe input.deinitialize(count: 1)
        unsafe input.deallocate()
        output.destroy()
    }

    /// Begins with a connection that was taken.
    func begin(_ socket: Int32) {
        unsafe input.pointee.begin(socket)
        output.begin(socket)
    }

    // MARK: - The request

    /// The request's number, which each frame of its response carries.
    var number: UInt16 { unsafe input.pointee.number }

    /// The encoded request head, with an inline body.
    var request: UnsafeRawBufferPointer { unsafe input.pointee.request }

    /// Receives a whole REQUEST frame. False: the other end has closed, or sends an invalid frame.
    func receiveRequest() -> Bool { unsafe input.pointee.receiveRequest() }

    /// Called when the other end can no longer send. Whether the received data is a whole request, with no more to
    /// come. Otherwise it is left unread.
    func peekIsComplete() -> Bool { unsafe input.pointee.peekIsComplete() }

    /// Whether bytes were left in the socket on purpose.
    var hasUnread: Bool { unsafe input.pointee.hasUnread }

    /// Leaves the data in the socket unread: it is not for this worker.
    func leaveUnread() { unsafe input.pointee.leaveUnread() }

    /// Asks for more of the request body and waits for it. One thread at a time.
    func readBody(_ buffer: UnsafeMutableRawBufferPointer) -> Int64 { unsafe input.pointee.readBody(buffer) }

    // MARK: - The response

    /// Sends an interim response, at once.
    func sendHints(_ head: UnsafeRawBufferPointer) -> Int32 { unsafe output.send(.hints, head, flush: true) }

    /// Appends the response head.
    func sendHead(_ head: UnsafeRawBufferPointer) -> Int32 { unsafe output.send(.head, head, flush: false) }

    /// Appends a block of the response body, and sends everything when `flush` is set or the buffer is full.
    func sendData(_ data: UnsafeRawBufferPointer, flush: Bool) -> Int32 {
        // A frame's length is 32 bits.
        let most = 1 << 30
        let flags = flush ? Frame.flushed : 0
        guard data.count > most else { return unsafe output.send(.data, data, flags: flags, flush: flush) }
        var rest = unsafe data
        while rest.count > 0 {
            let result = unsafe output.send(.data, UnsafeRawBufferPointer(rebasing: rest.prefix(most)), flush: true)
            guard result == 0 else { return result }
            unsafe rest = unsafe UnsafeRawBufferPointer(rebasing: rest.dropFirst(most))
        }
        return 0
    }

    /// Passes on a part of a regular file: the descriptor itself.
    func sendFile(_ descriptor: Int32, offset: Int64, length: Int64) -> Int32 {
        output.sendFile(descriptor, offset: offset, length: length)
    }

    /// Sends a line for the request's error log. False: the child has disconnected.
    func log(_ level: Int32, _ text: UnsafeRawBufferPointer) -> Bool {
        // A process forked by the application has no connection.
        if CurrentProcess.isForked { return false }
        let text = unsafe UnsafeRawBufferPointer(rebasing: text.prefix(1 << 20))
        // Sent at once: log lines matter most for a request that does not end.
        return unsafe output.send(.log, text, flags: UInt8(truncatingIfNeeded: level), flush: true) == 0
    }

    /// Ends the response with the outcome of `Adapter.run`. False: the connection is no longer usable.
    func conclude(_ outcome: Int32) -> Bool {
        unsafe input.pointee.reset()
        switch outcome {
        // The child detects a short response itself.
        case WSGI_OUTCOME_COMPLETE.rawValue, WSGI_OUTCOME_SHORT.rawValue: return end(.end)
        case WSGI_OUTCOME_RELOAD.rawValue: return end(.reload)
        case WSGI_OUTCOME_UNUSABLE.rawValue: return end(.reload, flags: Frame.unusable)
        case 1...:
            // The child accepts no other status.
            return output.end(.error, (400...599).contains(outcome) ? UInt16(clamping: outcome) : 500) == 0
        default:
            _ = end(.cut)
            return false
        }
    }

    /// Returns the request before the application is called: the worker takes no more requests.
    func handBack() {
        unsafe input.pointee.reset()
        _ = end(.reload, flags: Frame.spent)
    }

    private func end(_ kind: Frame.Kind, flags: UInt8 = 0) -> Bool {
        output.end(kind, flags: flags) == 0
    }
}
