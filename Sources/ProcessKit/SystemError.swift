internal import Glibc

/// A failed system call and its reason.
public struct SystemError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The call, by the name of its manual page.
    public let call: String
    /// The `errno` it left.
    public let code: Int32

    /// Describes a failure.
    public init(_ call: String, _ code: Int32) {
        self.call = call
        self.code = code
    }

    /// The reason in words: `No such file or directory`.
    public var reason: String { Self.reason(code) }

    /// Whether the file does not exist.
    public var isMissingFile: Bool { code == ENOENT }

    /// Whether an answer did not arrive in time.
    public var isOverdue: Bool { code == ETIMEDOUT }

    /// Whether the other end is closed.
    public var isDisconnection: Bool { [EPIPE, ECONNRESET, ENOTCONN].contains(code) }

    /// Whether a failed receive may be temporary, such as a lack of memory or descriptors, and does not mean that the
    /// other end is closed.
    public var mayPass: Bool { !isDisconnection && ![0, EBADF, ENOTSOCK].contains(code) }

    /// Whether a packet was lost because not all of its descriptors could be received.
    public var isTruncation: Bool { code == EMSGSIZE }

    /// The call and the reason.
    public var description: String { "\(call): \(reason)" }

    /// The description of an `errno`.
    public static func reason(_ code: Int32) -> String {
        // strerror_r exists in two forms and needs memory; the names are static strings in glibc.
        guard let text = unsafe strerror(code) else { return "error \(code)" }
        return unsafe String(cString: text)
    }
}

/// Turns a result that is a negated `errno` when negative into a thrown `SystemError`.
@discardableResult
func check<Result: BinaryInteger>(_ result: Result, _ call: String) throws(SystemError) -> Result {
    guard result < 0 else { return result }
    throw SystemError(call, Int32(truncatingIfNeeded: 0 - result))
}
