/// What a child of httpd sends once, at the beginning of a connection to a worker.
public struct Introduction: Equatable, Sendable {
    /// Bytes on the wire.
    public static let size = 20

    /// That it is one of httpd's children.
    public let secret: ConnectionSecret
    /// The generation of the worker of which it has claimed a thread. Another one of the same slot may accept the
    /// connection, and knows nothing of that claim.
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

    /// What was sent; `nil`: these are not as many bytes.
    public init?(_ bytes: UnsafeRawBufferPointer) {
        guard bytes.count == Self.size else { return nil }
        secret = unsafe ConnectionSecret(
            first: bytes.loadUnaligned(as: UInt64.self), second: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self)
        )
        generation = unsafe bytes.loadUnaligned(fromByteOffset: 16, as: UInt32.self)
    }
}

/// 128 random bits by which a worker knows httpd's children.
///
/// Each process group has its own. httpd's parent makes it, and tells its children, the supervisor and the workers of the
/// group: through shared memory and memory files, never by an environment, an argument or a file of the file system.
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

    /// A new one, from the system's generator (getrandom).
    public static func random() -> ConnectionSecret {
        var generator = SystemRandomNumberGenerator()
        return ConnectionSecret(first: generator.next(), second: generator.next())
    }

    /// Whether somebody who sent `other` knows this secret. It takes the same time wherever they differ.
    public func matches(_ other: ConnectionSecret) -> Bool {
        let difference = (first ^ other.first) | (second ^ other.second)
        return difference == 0 && self != ConnectionSecret()
    }
}
