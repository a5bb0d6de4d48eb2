/// The first message of an httpd child on a connection to a worker.
public struct Introduction: Equatable, Sendable {
    /// Bytes on the wire.
    public static let size = 20

    /// Proves that the sender is a child of httpd.
    public let secret: ConnectionSecret
    /// The generation of the worker whose thread the child has claimed. Another worker of the same slot may accept the
    /// connection, and does not know of that claim.
    public let generation: UInt32

    /// An introduction with these contents.
    public init(secret: ConnectionSecret, generation: UInt32) {
        self.secret = secret
        self.generation = generation
    }

    /// Calls `body` with the bytes that are sent.
    public func withBytes<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        unsafe withUnsafeTemporaryAllocation(byteCount: Self.size, alignment: 8) { room in
            unsafe room.storeBytes(of: secret.first, as: UInt64.self)
            unsafe room.storeBytes(of: secret.second, toByteOffset: 8, as: UInt64.self)
            unsafe room.storeBytes(of: generation, toByteOffset: 16, as: UInt32.self)
            return unsafe body(UnsafeRawBufferPointer(room))
        }
    }

    /// Decodes an introduction; `nil` if the number of bytes is wrong.
    public init?(_ bytes: UnsafeRawBufferPointer) {
        guard bytes.count == Self.size else { return nil }
        secret = unsafe ConnectionSecret(
            first: bytes.loadUnaligned(as: UInt64.self), second: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self)
        )
        generation = unsafe bytes.loadUnaligned(fromByteOffset: 16, as: UInt32.self)
    }
}

/// 128 random bits by which a worker recognizes httpd's children.
///
/// Each process group has its own secret. httpd's parent creates it and passes it to its children, the supervisor and
/// the workers of the group through shared memory and memory files, never through the environment, arguments or the
/// file system.
public struct ConnectionSecret: Spec {
    /// The first half of the bits, in the order in which they are sent.
    public private(set) var first: UInt64 = 0
    /// The second half of them.
    public private(set) var second: UInt64 = 0

    /// The fields, in the order in which they are sent.
    public static let fields: [SpecField<ConnectionSecret>] = [
        .field("first", \.first),
        .field("second", \.second),
    ]

    /// No secret: nothing matches it.
    public init() {}

    /// The secret with these bits.
    public init(first: UInt64, second: UInt64) {
        self.first = first
        self.second = second
    }

    /// A new secret, from the system's generator (getrandom).
    public static func random() -> ConnectionSecret {
        var generator = SystemRandomNumberGenerator()
        return ConnectionSecret(first: generator.next(), second: generator.next())
    }

    /// Whether `other` is this secret. The comparison takes constant time.
    public func matches(_ other: ConnectionSecret) -> Bool {
        let difference = (first ^ other.first) | (second ^ other.second)
        return difference == 0 && self != ConnectionSecret()
    }
}
