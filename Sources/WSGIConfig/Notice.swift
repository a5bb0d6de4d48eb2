/// A remark for the administrator about an accepted part of the configuration.
public struct Notice: Equatable, Sendable {
    /// The directive or option that it is about. Each subject is reported once.
    public let subject: String
    /// The remark and its remedy.
    public let text: String
    /// The first place where it applies.
    public let location: SourceLocation
}
