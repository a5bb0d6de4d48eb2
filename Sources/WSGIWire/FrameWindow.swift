/// A receive buffer of fixed size for frames. Bytes that have been received and not yet taken are contiguous.
///
/// The caller receives the bytes. The memory is the caller's and must outlive the window. Bytes that are taken stay in
/// it and are valid until the next call of `room`.
@safe public struct FrameWindow {
    private let memory: UnsafeMutableRawBufferPointer
    private var start = 0
    private var end = 0

    /// An empty window over memory for at least a header.
    public init(_ memory: UnsafeMutableRawBufferPointer) { unsafe self.memory = memory }

    /// Maximum number of contiguous bytes.
    public var capacity: Int { unsafe memory.count }

    /// Number of bytes that have been received and not yet taken.
    public var count: Int { end &- start }

    /// These bytes, in offset.
    public var bytes: UnsafeRawBufferPointer { unsafe UnsafeRawBufferPointer(rebasing: memory[start..<end]) }

    /// The space for the next bytes, so that `wanted` bytes, at most the capacity, can be contiguous.
    public mutating func room(for wanted: Int) -> UnsafeMutableRawBufferPointer {
        if start == end {
            start = 0
            end = 0
        }
        if unsafe memory.count &- start < wanted, let base = unsafe memory.baseAddress {
            unsafe base.copyMemory(from: base + start, byteCount: end &- start)
            end = end &- start
            start = 0
        }
        return unsafe UnsafeMutableRawBufferPointer(rebasing: memory[end...])
    }

    /// Records that bytes were stored there.
    public mutating func received(_ count: Int) { end = unsafe min(end &+ max(count, 0), memory.count) }

    /// Takes up to `most` bytes.
    public mutating func take(_ most: Int) -> UnsafeRawBufferPointer {
        let count = min(most, end &- start)
        let taken = unsafe UnsafeRawBufferPointer(rebasing: memory[start..<start &+ count])
        start = start &+ count
        return unsafe taken
    }

    /// Takes a header, which must be there.
    public mutating func takeHeader() throws(WireError) -> Frame.Header {
        try unsafe Frame.header(take(Frame.headerSize))
    }

    /// Takes the payload of the next frame, which `following` has described, and moves it to the end of `taken`, the
    /// bytes taken last. So small blocks are joined.
    ///
    /// - Returns: The joined bytes; `nil`, without effect, if `taken` is not directly before the frame in this window.
    public mutating func join(_ next: Frame.Header, to taken: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer? {
        guard let base = unsafe memory.baseAddress, let first = taken.baseAddress else { return nil }
        let offset = unsafe first - UnsafeRawPointer(base) + taken.count
        guard offset >= 0, offset <= start, next.length <= end &- start &- Frame.headerSize else { return nil }
        start = start &+ Frame.headerSize
        unsafe (base + offset).copyMemory(from: base + start, byteCount: next.length)
        start = start &+ next.length
        return unsafe UnsafeRawBufferPointer(start: first, count: taken.count &+ next.length)
    }

    /// The header of the next frame, if all of the frame has been received.
    public var following: Frame.Header? {
        guard end &- start >= Frame.headerSize else { return nil }
        let bytes = unsafe UnsafeRawBufferPointer(rebasing: memory[start..<start &+ Frame.headerSize])
        guard let header = unsafe try? Frame.header(bytes) else { return nil }
        return end &- start &- Frame.headerSize >= header.length ? header : nil
    }
}
