/// A receive buffer for one frame of a known kind, reused for the next frame. Large blocks are freed.
///
/// The caller receives the bytes. Used by one thread at a time.
@safe public struct ReceiveBuffer: ~Copyable {
    /// Maximum size that is kept between frames.
    private static let ordinary = 64 << 10

    private var base: UnsafeMutableRawPointer
    private var capacity: Int
    /// Number of bytes received.
    private var count = 0
    /// The size of the frame; 0: its header is incomplete.
    private var total = 0
    /// `detail` of the last frame whose header was complete.
    public private(set) var detail: UInt16 = 0

    /// The progress of a frame.
    public enum Progress: Sendable {
        /// More bytes follow.
        case incomplete
        /// The frame is complete.
        case complete
        /// It is not a frame, has an unexpected kind, or is followed by further bytes.
        case unacceptable
    }

    /// An empty buffer.
    public init() {
        capacity = Self.ordinary
        unsafe base = UnsafeMutableRawPointer.allocate(byteCount: capacity, alignment: 16)
    }

    deinit { unsafe base.deallocate() }

    /// The payload of a complete frame; valid until `begin` or `reset`.
    public var payload: UnsafeRawBufferPointer {
        unsafe UnsafeRawBufferPointer(start: base + Frame.headerSize, count: max(total &- Frame.headerSize, 0))
    }

    /// Begins another frame. The memory keeps its size.
    public mutating func begin() {
        count = 0
        total = 0
    }

    /// Frees a large block.
    public mutating func reset() {
        begin()
        guard capacity > 4 * Self.ordinary else { return }
        unsafe base.deallocate()
        capacity = Self.ordinary
        unsafe base = UnsafeMutableRawPointer.allocate(byteCount: capacity, alignment: 16)
    }

    /// The space for the next bytes. Once the header is known, it is no more than the rest of the frame.
    public var room: UnsafeMutableRawBufferPointer {
        unsafe UnsafeMutableRawBufferPointer(
            start: base + count, count: max((total > 0 ? total : capacity) &- count, 0))
    }

    /// Records that bytes were stored there.
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
