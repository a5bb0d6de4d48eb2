/// Growing memory for one encoded message, owned by the holder of the value and reused for the next message.
///
/// Written to by one thread at a time. It does not shrink by itself: `reset(keeping:)` frees a large block.
@safe public struct ByteBuffer: ~Copyable {
    private var base: UnsafeMutableRawPointer
    private var capacity: Int
    /// Bytes written so far.
    public private(set) var count = 0

    /// An empty buffer with room for `capacity` bytes.
    public init(capacity: Int = 4096) {
        unsafe base = UnsafeMutableRawPointer.allocate(byteCount: max(capacity, 64), alignment: 16)
        self.capacity = max(capacity, 64)
    }

    deinit { unsafe base.deallocate() }

    /// The bytes written so far; valid until the next write.
    public var bytes: UnsafeRawBufferPointer { unsafe UnsafeRawBufferPointer(start: base, count: count) }

    /// Empties the buffer, and frees its memory if it has grown beyond `limit` bytes.
    public mutating func reset(keeping limit: Int = 1 << 18) {
        count = 0
        guard capacity > limit else { return }
        unsafe base.deallocate()
        unsafe base = UnsafeMutableRawPointer.allocate(byteCount: limit, alignment: 16)
        capacity = limit
    }

    /// Makes room for `extra` more bytes.
    @inline(__always)
    public mutating func reserve(_ extra: Int) {
        if count &+ extra > capacity { grow(extra) }
    }

    @inline(never)
    private mutating func grow(_ extra: Int) {
        var larger = capacity &* 2
        while larger < count &+ extra { larger = larger &* 2 }
        let moved = UnsafeMutableRawPointer.allocate(byteCount: larger, alignment: 16)
        unsafe moved.copyMemory(from: base, byteCount: count)
        unsafe base.deallocate()
        unsafe base = moved
        capacity = larger
    }

    /// Appends raw bytes.
    public mutating func append(_ bytes: UnsafeRawBufferPointer) {
        guard let start = bytes.baseAddress else { return }
        unsafe append(start, bytes.count)
    }

    /// Appends `length` bytes at `start`.
    public mutating func append(_ start: UnsafeRawPointer, _ length: Int) {
        guard length > 0 else { return }
        reserve(length)
        unsafe (base + count).copyMemory(from: start, byteCount: length)
        count = count &+ length
    }

    /// Appends one byte.
    public mutating func append(byte: UInt8) {
        reserve(1)
        unsafe base.storeBytes(of: byte, toByteOffset: count, as: UInt8.self)
        count = count &+ 1
    }

    /// Appends an integer in native byte order.
    public mutating func append<Value: FixedWidthInteger & BitwiseCopyable>(_ value: Value) {
        reserve(MemoryLayout<Value>.size)
        unsafe base.storeBytes(of: value, toByteOffset: count, as: Value.self)
        count = count &+ MemoryLayout<Value>.size
    }

    /// Overwrites an integer that was appended at `offset`. Ignored if it is not within the bytes written.
    public mutating func set<Value: FixedWidthInteger & BitwiseCopyable>(_ value: Value, at offset: Int) {
        guard offset >= 0, offset &+ MemoryLayout<Value>.size <= count else { return }
        unsafe base.storeBytes(of: value, toByteOffset: offset, as: Value.self)
    }

    /// Appends the bytes that `fill` writes into a space of `size` bytes. `fill` returns their number, or less than 0
    /// for none.
    ///
    /// - Returns: The result of `fill`.
    public mutating func append(upTo size: Int, _ fill: (UnsafeMutableRawBufferPointer) -> Int) -> Int {
        reserve(size)
        let filled = unsafe fill(UnsafeMutableRawBufferPointer(start: base + count, count: size))
        count = count &+ min(max(filled, 0), size)
        return filled
    }

    /// Appends the lengths of two byte sequences, 4 bytes each, then the sequences.
    @inline(__always)
    mutating func append(pair first: UnsafeRawBufferPointer, _ second: UnsafeRawBufferPointer) {
        reserve(8 &+ first.count &+ second.count)
        let target = unsafe base + count
        unsafe target.storeBytes(of: UInt32(truncatingIfNeeded: first.count), as: UInt32.self)
        unsafe target.storeBytes(of: UInt32(truncatingIfNeeded: second.count), toByteOffset: 4, as: UInt32.self)
        if let start = first.baseAddress { unsafe (target + 8).copyMemory(from: start, byteCount: first.count) }
        if let start = second.baseAddress {
            unsafe (target + (8 &+ first.count)).copyMemory(from: start, byteCount: second.count)
        }
        count = count &+ 8 &+ first.count &+ second.count
    }

    /// Appends a string: its length in 4 bytes, then its UTF-8.
    public mutating func append(string: String) {
        var copy = string
        copy.withUTF8 { utf8 in
            append(UInt32(truncatingIfNeeded: utf8.count))
            unsafe append(UnsafeRawBufferPointer(utf8))
        }
    }
}
