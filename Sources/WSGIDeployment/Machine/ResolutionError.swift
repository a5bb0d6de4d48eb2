public import WSGICore

/// The reason why a group, or embedded Python, cannot be started.
public struct ResolutionError: Error {
    /// The id of the message.
    public let id: LogID
    /// The directive, the reason and the remedy.
    public let text: String

    /// Creates an error.
    public init(_ id: LogID, _ text: String) {
        self.id = id
        self.text = text
    }
}
