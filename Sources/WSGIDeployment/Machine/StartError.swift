public import WSGICore

/// Why a group, or embedded Python, cannot be started; `text` names the directive, the reason and the remedy.
public struct StartError: Error {
    /// The message.
    public let id: LogID
    /// The directive, the reason and the remedy.
    public let text: String

    /// An error with its message.
    public init(_ id: LogID, _ text: String) {
        self.id = id
        self.text = text
    }
}
