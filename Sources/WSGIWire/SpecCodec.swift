public import WSGICore

/// The encoding of the specs that processes exchange: a fingerprint, then the fields in the order of their list.
public enum SpecCodec {
    /// Distinguishes installations whose specs have different fields. `SupervisorSpec` contains all other specs.
    /// FNV-1a.
    public static let fingerprint = SupervisorSpec.layout.utf8.reduce(0x811C_9DC5 as UInt32) { hash, byte in
        (hash ^ UInt32(byte)) &* 0x0100_0193
    }

    /// Encodes a spec.
    public static func encode(_ spec: some Spec, into buffer: inout ByteBuffer) {
        buffer.append(fingerprint)
        spec.write(to: &buffer)
    }

    /// Decodes a spec.
    public static func decode<Contents: Spec>(
        _ bytes: UnsafeRawBufferPointer, as type: Contents.Type = Contents.self
    ) throws(WireError) -> Contents {
        var reader = unsafe ByteReader(bytes)
        let found = try reader.integer(UInt32.self)
        guard found == fingerprint else { throw .version(found) }
        return try Contents.read(from: &reader)
    }
}

extension ByteBuffer: SpecWriter {
    /// Appends a Boolean value as a byte.
    public mutating func append(flag: Bool) { append(byte: flag ? 1 : 0) }

    /// Appends the number of items that follow, in four bytes.
    public mutating func append(count: Int) { append(UInt32(truncatingIfNeeded: count)) }
}

extension ByteReader: SpecReader {
    /// Reads a byte; any value except 0 is true.
    public mutating func flag() throws(WireError) -> Bool { try integer(UInt8.self) != 0 }

    /// Reads the number of items that follow.
    public mutating func count() throws(WireError) -> Int { try Int(integer(UInt32.self)) }
}
