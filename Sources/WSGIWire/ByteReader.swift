/// Why bytes could not be decoded.
public enum WireError: Error, Equatable, Sendable {
    /// The message is shorter than its contents.
    case truncated
    /// The other side uses another version.
    case version(UInt32)
    /// A field has an impossible value; the string is its name.
    case invalid(StaticString)

    /// Whether both are the same case with the same field.
    public static func == (left: WireError, right: WireError) -> Bool {
        switch (left, right) {
        case (.truncated, .truncated): true
        case (.version(let one), .version(let other)): one == other
        case (.invalid(let one), .invalid(let other)): one.description == other.description
        default: false
        }
    }
}

/// Reads integers and bytes in sequence, never beyond the end.
///
/// It borrows the bytes, which must outlive the reader and everything that it returned.
@safe public struct ByteReader {
    private let bytes: UnsafeRawBufferPointer
    /// Offset of the next value.
    public private(set) var offset = 0

    /// A reader at the beginning of `bytes`.
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
