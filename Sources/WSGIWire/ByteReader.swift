/// Why bytes could not be decoded.
public enum WireError: Error, Equatable, Sendable {
    /// The message ends before its contents do.
    case truncated
    /// The other side speaks another version.
    case version(UInt32)
    /// A value that cannot be (the name of the field).
    case invalid(StaticString)

    /// Equal when they are the same case about the same thing.
    public static func == (left: WireError, right: WireError) -> Bool {
        switch (left, right) {
        case (.truncated, .truncated): true
        case (.version(let one), .version(let other)): one == other
        case (.invalid(let one), .invalid(let other)): one.description == other.description
        default: false
        }
    }
}

/// Reads integers and bytes one after the other, and never beyond the end.
///
/// It borrows the bytes: they must outlive the reader and everything it returned.
@safe public struct ByteReader {
    private let bytes: UnsafeRawBufferPointer
    /// Where the next value begins.
    public private(set) var offset = 0

    /// Reads `bytes` from their beginning.
    public init(_ bytes: UnsafeRawBufferPointer) { unsafe self.bytes = bytes }

    /// Bytes not read yet.
    public var remaining: Int { unsafe bytes.count &- offset }

    /// The next integer, in native byte order.
    public mutating func integer<Value: FixedWidthInteger & BitwiseCopyable>(
        _ type: Value.Type = Value.self
    ) throws(WireError) -> Value {
        let size = MemoryLayout<Value>.size
        guard remaining >= size else { throw .truncated }
        let value = unsafe bytes.loadUnaligned(fromByteOffset: offset, as: Value.self)
        offset = offset &+ size
        return value
    }

    /// The next `count` bytes, in place.
    public mutating func take(_ count: Int) throws(WireError) -> UnsafeRawBufferPointer {
        guard count >= 0 && count <= remaining else { throw .truncated }
        let start = offset
        offset = offset &+ count
        return unsafe UnsafeRawBufferPointer(rebasing: bytes[start..<start &+ count])
    }

    /// The next string that `ByteBuffer.append(string:)` wrote.
    public mutating func string() throws(WireError) -> String {
        let count = try Int(integer(UInt32.self))
        return unsafe String(decoding: try take(count), as: UTF8.self)
    }
}
