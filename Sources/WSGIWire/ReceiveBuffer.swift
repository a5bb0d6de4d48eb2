/// Memory for one frame of a known kind while it comes in, used again for the next; large blocks are given back.
///
/// It receives nothing itself. Used by one thread at a time.
@safe public struct ReceiveBuffer: ~Copyable {
    /// What is kept between frames.
    private static let ordinary = 64 << 10

    private var base: UnsafeMutableRawPointer
    private var capacity: Int
    /// Bytes that have come.
    private var count = 0
    /// The size of the whole frame; 0: its header is not complete.
    private var total = 0
    /// `detail` of the last frame whose header was complete.
    public private(set) var detail: UInt16 = 0

    /// How far a frame is.
    public enum Progress: Sendable {
        /// There is more to come.
        case incomplete
        /// It is whole.
        case complete
        /// It is no frame, not of the kind that was expected, or something came behind it.
        case unacceptable
    }

    /// An empty buffer.
    public init() {
        capacity = Self.ordinary
        unsafe base = UnsafeMutableRawPointer.allocate(byteCount: capacity, alignment: 16)
    }

    deinit { unsafe base.deallocate() }

    /// The payload of a frame that is complete; valid until `begin` or `reset`.
    public var payload: UnsafeRawBufferPointer {
        unsafe UnsafeRawBufferPointer(start: base + Frame.headerSize, count: max(total &- Frame.headerSize, 0))
    }

    /// Begins with another frame. The memory stays as large as it is.
    public mutating func begin() {
        count = 0
        total = 0
    }

    /// Gives a large block back.
    public mutating func reset() {
        begin()
        guard capacity > 4 * Self.ordinary else { return }
        unsafe base.deallocate()
        capacity = Self.ordinary
        unsafe base = UnsafeMutableRawPointer.allocate(byteCount: capacity, alignment: 16)
    }

    /// Where the next bytes are to be put. Once the header is known, no more than the rest of the frame.
    public var room: UnsafeMutableRawBufferPointer {
        unsafe UnsafeMutableRawBufferPointer(
            start: base + count, count: max((total > 0 ? total : capacity) &- count, 0))
    }

    /// Notes that bytes have been put there.
    public mutating func received(_ more: Int, expecting kind: Frame.Kind) -> Progress {
        count = min(count &+ max(more, 0), capacity)
        if total == 0 {
            guard count >= Frame.headerSize else { return .incomplete }
            guard let header = unsafe try? Frame.header(UnsafeRawBufferPointer(start: base, count: Frame.headerSize)),
                header.kind == kind
            else { return .unacceptable }
            let size = Frame.headerSize &+ header.length
            // The other end waits for the response before it sends more.
            guard count <= size else { return .unacceptable }
            grow(size)
            total = size
            detail = header.detail
        }
        return count == total ? .complete : .incomplete
    }

    private mutating func grow(_ size: Int) {
        guard size > capacity else { return }
        let larger = UnsafeMutableRawPointer.allocate(byteCount: size, alignment: 16)
        unsafe larger.copyMemory(from: base, byteCount: count)
        unsafe base.deallocate()
        unsafe base = unsafe larger
        capacity = size
    }
}
