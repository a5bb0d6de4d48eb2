internal import CEngineABI
internal import CSharedMemory
internal import CSystem
internal import ProcessKit
internal import WSGIWire

/// The sending end of a connection: frames leave whole, and one after the other, whichever threads send them.
///
/// Any thread of the application may send, and does so without the GIL: what is shared is touched with the lock only.
/// Errors are those of `wsgi_transport`; one on the connection stays, so everything after it fails alike.
@safe struct ConnectionOutput {
    /// How much of a response is gathered before it is sent.
    static let capacity = 64 << 10

    private let lock: UnsafeMutablePointer<wsgi_lock>
    private let state: UnsafeMutablePointer<State>

    /// An end without a connection, for the thread of this record. It must be destroyed.
    init(_ record: UnsafeMutablePointer<wsgi_thread_record>) {
        unsafe lock = UnsafeMutablePointer<wsgi_lock>.allocate(capacity: 1)
        unsafe lock.initialize(to: wsgi_lock(word: 0))
        unsafe state = UnsafeMutablePointer<State>.allocate(capacity: 1)
        unsafe state.initialize(to: State(record))
    }

    /// Gives the memory back; nobody uses it any more.
    func destroy() {
        unsafe state.deinitialize(count: 1)
        unsafe state.deallocate()
        unsafe lock.deallocate()
    }

    /// Begins with a connection that was taken.
    func begin(_ socket: Int32) { locked { $0.begin(socket) } }

    /// What is sent from now on belongs to the answer to the request of this number.
    func begin(request number: UInt16) { locked { $0.number = number } }

    /// Sends a frame, at once if `flush` is set or the buffer is full.
    func send(
        _ kind: Frame.Kind, _ payload: UnsafeRawBufferPointer, flags: UInt8 = 0, flush: Bool
    ) -> Int32 {
        locked { unsafe $0.send(kind, payload, flags: flags, flush: flush) }
    }

    /// Hands a part of a regular file on: the descriptor itself.
    func sendFile(_ descriptor: Int32, offset: Int64, length: Int64) -> Int32 {
        locked { $0.sendFile(descriptor, offset: offset, length: length) }
    }

    /// Asks for so much of the request body, at once.
    func ask(_ count: Int) -> Int32 {
        locked { state in
            state.append(.go, length: 4)
            state.append(UInt32(truncatingIfNeeded: count))
            return state.flush()
        }
    }

    /// Sends the frame that ends the answer, and all that waits before it.
    func end(_ kind: Frame.Kind, flags: UInt8 = 0) -> Int32 {
        locked { state in
            state.append(kind, length: 0, flags: flags)
            return state.flush()
        }
    }

    /// The same for a frame whose payload is a number.
    func end<Number: FixedWidthInteger & BitwiseCopyable>(
        _ kind: Frame.Kind, flags: UInt8 = 0, _ number: Number
    ) -> Int32 {
        locked { state in
            state.append(kind, length: MemoryLayout<Number>.size, flags: flags)
            state.append(number)
            return state.flush()
        }
    }

    /// The connection is of no use any more.
    func fail(_ error: Int32) { locked { $0.fail(error) } }

    private func locked<Result>(_ body: (inout State) -> Result) -> Result {
        unsafe wsgi_lock_acquire(lock)
        defer { unsafe wsgi_lock_release(lock) }
        return unsafe body(&state.pointee)
    }
}

extension ConnectionOutput {
    /// What the lock is for.
    @safe private struct State: ~Copyable {
        private var socket: Int32 = -1
        /// The thread's record, which says whether the connection was taken away from it.
        private let record: UnsafeMutablePointer<wsgi_thread_record>
        private var output = ByteBuffer(capacity: ConnectionOutput.capacity + 64)
        /// 0, or why the connection is of no use any more.
        private var failure: Int32 = 0
        /// The number of the request, which each frame has.
        var number: UInt16 = 0

        init(_ record: UnsafeMutablePointer<wsgi_thread_record>) { unsafe self.record = record }

        mutating func begin(_ socket: Int32) {
            self.socket = socket
            failure = 0
        }

        mutating func fail(_ error: Int32) { failure = error }

        mutating func append(_ kind: Frame.Kind, length: Int, flags: UInt8 = 0) {
            Frame.append(Frame.Header(kind: kind, length: length, flags: flags, detail: number), to: &output)
        }

        mutating func append<Number: FixedWidthInteger & BitwiseCopyable>(_ number: Number) { output.append(number) }

        mutating func send(
            _ kind: Frame.Kind, _ payload: UnsafeRawBufferPointer, flags: UInt8, flush flushes: Bool
        ) -> Int32 {
            guard failure == 0 else { return failure }
            append(kind, length: payload.count, flags: flags)
            guard output.count &+ payload.count <= ConnectionOutput.capacity else {
                let result = sending { unsafe StreamSocket.send(socket, output.bytes, payload) }
                output.reset()
                return note(result)
            }
            unsafe output.append(payload)
            return flushes ? flush() : 0
        }

        mutating func sendFile(_ descriptor: Int32, offset: Int64, length: Int64) -> Int32 {
            guard flush() == 0 else { return failure }
            append(.file, length: 16)
            output.append(offset)
            output.append(length)
            let result = sending { unsafe StreamSocket.send(socket, output.bytes, descriptor: descriptor) }
            output.reset()
            return note(result)
        }

        mutating func flush() -> Int32 {
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
            // A process that the application has forked off has no connection: the number may be another file's.
            if CurrentProcess.isForked { return StreamSocket.disconnected }
            defer { unsafe wsgi_record_leave_send(record) }
            return unsafe wsgi_record_enter_send(record) ? send() : StreamSocket.disconnected
        }

        private mutating func note(_ result: Int) -> Int32 {
            if result < 0 { failure = ConnectionChannel.error(result) }
            return failure
        }
    }
}
