/// Why a statement of the configuration is refused.
///
/// The description is the whole message: what is wrong, and what to do. The place of the statement itself is not in
/// it, because httpd prints that; other places are named as `file:line`.
public struct ConfigError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The message for the administrator.
    public let description: String

    /// An error with this message.
    public init(_ description: String) { self.description = description }
}
