/// A user or a group as the configuration names it. Whether it exists is checked when the server starts.
public enum Account: Hashable, Sendable, CustomStringConvertible {
    /// By name.
    case name(String)
    /// By number, written `#1000`.
    case number(UInt32)

    /// Reads a name, or `#` and a number; `nil` if it is neither.
    public init?(_ word: String) {
        guard word.hasPrefix("#") else {
            guard !word.isEmpty else { return nil }
            self = .name(word)
            return
        }
        // The largest number means "unchanged" to the system calls.
        guard let number = Number.decimal(word.dropFirst()), number < Int(UInt32.max) else { return nil }
        self = .number(UInt32(truncatingIfNeeded: number))
    }

    /// The form in the configuration.
    public var description: String {
        switch self {
        case .name(let name): name
        case .number(let number): "#\(number)"
        }
    }
}
