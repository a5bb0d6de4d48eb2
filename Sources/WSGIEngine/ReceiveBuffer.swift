internal import ProcessKit
internal import WSGIWire

/// Memory for one received frame, used again for the next; large ones are given back.
@safe struct ReceiveBuffer: ~Copyable {
    /// What is kept between frames.
    private static let ordinary = 64 << 10

    private var base: UnsafeMutableRawPointer
    private var capacity: Int
    private var length = 0

    /// An empty buffer.
    init() {
        capacity = Self.ordinary
        unsafe base = UnsafeMutableRawPointer.allocate(byteCount: capacity, alignment: 16)
    }

    deinit { unsafe base.deallocate() }

    /// The payload of the last frame; valid until `reset` or the next one.
    var payload: UnsafeRawBufferPointer { unsafe UnsafeRawBufferPointer(start: base + Frame.headerSize, count: length) }

    /// Gives a large block back.
    mutating func reset() {
        length = 0
        guard capacity > 4 * Self.ordinary else { return }
        unsafe base.deallocate()
        capacity = Self.ordinary
        unsafe base = UnsafeMutableRawPointer.allocate(byteCount: capacity, alignment: 16)
    }

    /// Receives one frame of this kind. False: closed, timed out, or something else was sent.
    mutating func receiveFrame(_ socket: Int32, expecting kind: Frame.Kind) -> Bool {
        var count = 0
        while count < Frame.headerSize {
            let got = unsafe StreamSocket.receive(socket, space(from: count, to: capacity))
            guard got > 0 else { return false }
            count = count &+ got
        }
        guard let total = frameSize(expecting: kind) else { return false }
        grow(total, keeping: count)
        while count < total {
            let got = unsafe StreamSocket.receive(socket, space(from: count, to: total))
            guard got > 0 else { return false }
            count = count &+ got
        }
        // The other end waits for the response before it sends more.
        guard count == total else { return false }
        length = total &- Frame.headerSize
        return true
    }

    /// Looks at what is there, without taking it: `nil` when nothing is; a payload of `nil` when no whole frame is.
    mutating func peekFrame(_ socket: Int32, expecting kind: Frame.Kind) -> UnsafeRawBufferPointer?? {
        var count = unsafe StreamSocket.peek(socket, space(from: 0, to: capacity))
        guard count > 0 else { return unsafe .none }
        guard count >= Frame.headerSize, let total = frameSize(expecting: kind) else { return unsafe .some(nil) }
        if total > capacity {
            grow(total, keeping: 0)
            count = unsafe StreamSocket.peek(socket, space(from: 0, to: total))
        }
        guard count >= total else { return unsafe .some(nil) }
        length = total &- Frame.headerSize
        return unsafe .some(payload)
    }

    /// The size of the frame whose header has been received; `nil`: it is not acceptable.
    private func frameSize(expecting kind: Frame.Kind) -> Int? {
        guard let header = unsafe try? Frame.header(UnsafeRawBufferPointer(start: base, count: Frame.headerSize)),
            header.kind == kind
        else { return nil }
        return Frame.headerSize &+ header.length
    }

    private func space(from start: Int, to end: Int) -> UnsafeMutableRawBufferPointer {
        unsafe UnsafeMutableRawBufferPointer(start: base + start, count: end &- start)
    }

    private mutating func grow(_ total: Int, keeping count: Int) {
        guard total > capacity else { return }
        let larger = UnsafeMutableRawPointer.allocate(byteCount: total, alignment: 16)
        unsafe larger.copyMemory(from: base, byteCount: count)
        unsafe base.deallocate()
        unsafe base = unsafe larger
        capacity = total
    }
}
