/// Something in the configuration that was accepted and that the administrator should know of.
public struct Notice: Equatable, Sendable {
    /// The directive or option it is about; it is told once.
    public let subject: String
    /// What is to be known, and what to do.
    public let text: String
    /// Where it was seen first.
    public let location: SourceLocation
}
