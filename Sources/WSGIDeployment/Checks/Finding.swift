internal import WSGIConfig
internal import WSGICore

/// Something in the configuration that works otherwise than was probably meant.
public struct Finding {
    /// Whether a process group cannot serve at all, something does not work, or it is only likely to be an oversight.
    public enum Weight: Sendable {
        case error
        case warning
        case notice
    }

    /// The identifier of the message.
    let id: LogID
    /// How serious it is.
    public let weight: Weight
    /// The directive that is to be changed.
    let location: SourceLocation?
    /// What it is about, why it is wrong, and what to do.
    let text: String

    /// A finding about a directive.
    init(_ id: LogID, _ weight: Weight = .warning, at location: SourceLocation?, _ text: String) {
        self.id = id
        self.weight = weight
        self.location = location
        self.text = text
    }

    /// The same, more or less serious.
    func weighing(_ weight: Weight) -> Finding { Finding(id, weight, at: location, text) }

    /// Id, place and text.
    public var line: String { "\(id.tag): \(location.map { "\($0): " } ?? "")\(text)" }
}
