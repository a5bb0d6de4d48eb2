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
        base = UnsafeMutableRawPointer.allocate(byteCount: capacity, alignment: 16)
    }

    deinit { base.deallocate() }

    /// The payload of the last frame; valid until `reset` or the next one.
    var payload: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: base + Frame.headerSize, count: length) }

    /// Gives a large block back.
    mutating func reset() {
        length = 0
        guard capacity > 4 * Self.ordinary else { return }
        base.deallocate()
        capacity = Self.ordinary
        base = UnsafeMutableRawPointer.allocate(byteCount: capacity, alignment: 16)
    }

    /// Receives one frame of this kind. False: closed, timed out, or something else was sent.
    mutating func receiveFrame(_ socket: Int32, expecting kind: Frame.Kind) -> Bool {
        var count = 0
        while count < Frame.headerSize {
            let got = StreamSocket.receive(socket, space(from: count, to: capacity))
            guard got > 0 else { return false }
            count = count &+ got
        }
        guard let total = frameSize(expecting: kind) else { return false }
        grow(total, keeping: count)
        while count < total {
            let got = StreamSocket.receive(socket, space(from: count, to: total))
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
        var count = StreamSocket.peek(socket, space(from: 0, to: capacity))
        guard count > 0 else { return .none }
        guard count >= Frame.headerSize, let total = frameSize(expecting: kind) else { return .some(nil) }
        if total > capacity {
            grow(total, keeping: 0)
            count = StreamSocket.peek(socket, space(from: 0, to: total))
        }
        guard count >= total else { return .some(nil) }
        length = total &- Frame.headerSize
        return .some(payload)
    }

    /// The size of the frame whose header has been received; `nil`: it is not acceptable.
    private func frameSize(expecting kind: Frame.Kind) -> Int? {
        guard let header = try? Frame.header(UnsafeRawBufferPointer(start: base, count: Frame.headerSize)),
            header.kind == kind
        else { return nil }
        return Frame.headerSize &+ header.length
    }

    private func space(from start: Int, to end: Int) -> UnsafeMutableRawBufferPointer {
        UnsafeMutableRawBufferPointer(start: base + start, count: end &- start)
    }

    private mutating func grow(_ total: Int, keeping count: Int) {
        guard total > capacity else { return }
        let larger = UnsafeMutableRawPointer.allocate(byteCount: total, alignment: 16)
        larger.copyMemory(from: base, byteCount: count)
        base.deallocate()
        base = larger
        capacity = total
    }
}
