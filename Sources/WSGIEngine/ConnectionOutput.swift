internal import CEngineABI
internal import CSharedMemory
internal import CSystem
internal import ProcessKit
internal import WSGIWire

/// The sending end of a connection: frames are sent whole and one after the other, from any thread.
///
/// Any thread of the application may send, without the GIL: shared state is used only with the lock. Errors are those
/// of `wsgi_transport`. An error on the connection persists: all later calls fail with it.
@safe struct ConnectionOutput {
    /// The number of bytes of a response that are gathered before they are sent.
    static let capacity = 64 << 10

    private let lock: UnsafeMutablePointer<wsgi_lock>
    private let state: UnsafeMutablePointer<State>

    /// An end without a connection, for the thread with this record. It must be destroyed.
    init(_ record: UnsafeMutablePointer<wsgi_thread_record>) {
        unsafe lock = UnsafeMutablePointer<wsgi_lock>.allocate(capacity: 1)
        unsafe lock.initialize(to: wsgi_lock(word: 0))
        unsafe state = UnsafeMutablePointer<State>.allocate(capacity: 1)
        unsafe state.initialize(to: State(record))
    }

    /// Frees the memory, which must no longer be in use.
    func destroy() {
        unsafe state.deinitialize(count: 1)
        unsafe state.deallocate()
        unsafe lock.deallocate()
    }

    /// Begins with a connection that was taken.
    func begin(_ socket: Int32) { locked { $0.begin(socket) } }

    /// Frames sent from now on belong to the response to the request with this number.
    func begin(request number: UInt16) { locked { $0.number = number } }

    /// Sends a frame, at once if `flush` is set or the buffer is full.
    func send(
        _ kind: Frame.Kind, _ payload: UnsafeRawBufferPointer, flags: UInt8 = 0, flush: Bool
    ) -> Int32 {
        locked { unsafe $0.send(kind, payload, flags: flags, flush: flush) }
    }

    /// Passes on a part of a regular file: the descriptor itself.
    func sendFile(_ descriptor: Int32, offset: Int64, length: Int64) -> Int32 {
        locked { $0.sendFile(descriptor, offset: offset, length: length) }
    }

    /// Requests this many bytes of the request body, at once.
    func ask(_ count: Int) -> Int32 {
        locked { state in
            state.append(.go, length: 4)
            state.append(UInt32(truncatingIfNeeded: count))
            return state.flush()
        }
    }

    /// Sends the frame that ends the response, and all gathered data before it.
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

    /// Marks the connection as no longer usable.
    func fail(_ error: Int32) { locked { $0.fail(error) } }

    private func locked<Result>(_ body: (inout State) -> Result) -> Result {
        unsafe wsgi_lock_acquire(lock)
        defer { unsafe wsgi_lock_release(lock) }
        return unsafe body(&state.pointee)
    }
}

extension ConnectionOutput {
    /// The state that the lock protects.
    @safe private struct State: ~Copyable {
        private var socket: Int32 = -1
        /// The thread's record, which shows whether the connection was taken away from the thread.
        private let record: UnsafeMutablePointer<wsgi_thread_record>
        private var output = ByteBuffer(capacity: ConnectionOutput.capacity + 64)
        /// 0, or the reason why the connection is no longer usable.
        private var failure: Int32 = 0
        /// The number of the request, which each frame carries.
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

        /// Sends, unless the connection was taken away: it must not be ended in the middle of a frame.
        private func sending(_ send: () -> Int) -> Int {
            // A process forked by the application has no connection: the number may belong to another file.
            if CurrentProcess.isForked { return StreamSocket.disconnected }
            defer { unsafe wsgi_record_leave_send(record) }
            return unsafe wsgi_record_enter_send(record) ? send() : StreamSocket.disconnected
        }

        private mutating func note(_ result: Int) -> Int32 {
            if result < 0 { failure = ConnectionOutput.error(result) }
            return failure
        }
    }

    /// The error of `wsgi_transport` for a result of `StreamSocket`.
    static func error(_ result: Int) -> Int32 {
        switch result {
        case StreamSocket.disconnected: WSGI_TRANSPORT_DISCONNECTED.rawValue
        case StreamSocket.timedOut: WSGI_TRANSPORT_TIMEOUT.rawValue
        default: WSGI_TRANSPORT_FAILED.rawValue
        }
    }
}
