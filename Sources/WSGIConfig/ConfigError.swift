/// The reason why a statement of the configuration is rejected.
///
/// The description is the whole message: the problem and its remedy. It does not contain the place of the statement
/// itself, because httpd prints that. Other places are named as `file:line`.
public struct ConfigError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The message for the administrator.
    public let description: String

    /// An error with this message.
    public init(_ description: String) { self.description = description }
}
