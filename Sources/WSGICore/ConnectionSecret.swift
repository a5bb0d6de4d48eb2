/// 128 random bits by which a worker knows httpd's children: a child sends them once, at the beginning of a connection.
///
/// Each process group has its own. httpd's parent makes it, and tells its children, the supervisor and the workers of the
/// group: through shared memory and memory files, never by an environment, an argument or a file of the file system.
public struct ConnectionSecret: Equatable, Sendable {
    /// Bytes on the wire.
    public static let size = 16

    /// The bits, in the order in which they are sent.
    public let first, second: UInt64

    /// No secret: nothing matches it.
    public init() { (first, second) = (0, 0) }

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
