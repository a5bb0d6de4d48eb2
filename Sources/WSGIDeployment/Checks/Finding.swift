internal import WSGIConfig
internal import WSGICore

/// A part of the configuration that probably does not work as intended.
public struct Finding {
    /// A process group cannot serve at all, something does not work, or there is probably an oversight.
    public enum Weight: Sendable {
        case error
        case warning
        case notice
    }

    /// The identifier of the message.
    let id: LogID
    /// How serious it is.
    public let weight: Weight
    /// The place of the directive to change.
    let location: SourceLocation?
    /// The subject, the problem and the remedy.
    let text: String

    /// A finding about a directive.
    init(_ id: LogID, _ weight: Weight = .warning, at location: SourceLocation?, _ text: String) {
        self.id = id
        self.weight = weight
        self.location = location
        self.text = text
    }

    /// The same finding with another severity.
    func weighing(_ weight: Weight) -> Finding { Finding(id, weight, at: location, text) }

    /// Id, place and text.
    public var line: String { "\(id.tag): \(location.map { "\($0): " } ?? "")\(text)" }
}
