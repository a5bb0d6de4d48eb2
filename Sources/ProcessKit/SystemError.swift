internal import Glibc

/// A system call that failed: which one, and why.
public struct SystemError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The call, as its manual page is named.
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

    /// Whether there is no file of the path that was given.
    public var isMissingFile: Bool { code == ENOENT }

    /// Whether an answer has not come in time.
    public var isOverdue: Bool { code == ETIMEDOUT }

    /// Whether there is nobody at the other end.
    public var isDisconnection: Bool { [EPIPE, ECONNRESET, ENOTCONN].contains(code) }

    /// Whether a failed receive says nothing about the other end: the system is short of memory or descriptors, or
    /// something else stands in the way that may pass.
    public var mayPass: Bool { !isDisconnection && ![0, EBADF, ENOTSOCK].contains(code) }

    /// Whether a packet was lost because not all of its descriptors could be taken.
    public var isTruncation: Bool { code == EMSGSIZE }

    /// The call and the reason.
    public var description: String { "\(call): \(reason)" }

    /// What an `errno` means, in words.
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
