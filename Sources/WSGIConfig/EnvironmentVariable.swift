/// An environment variable of processes: `env=NAME=VALUE`.
public struct EnvironmentVariable: Equatable, Sendable {
    /// The name.
    public let name: String
    /// The value, which must never be logged.
    public let value: String

    /// A variable. `isName` must accept the name.
    public init(name: String, value: String) {
        self.name = name
        self.value = value
    }

    /// Reads `NAME=VALUE`; `nil` if there is no `=` or the name is invalid.
    public init?(_ word: String) {
        guard let equals = word.firstIndex(of: "=") else { return nil }
        let name = String(word[..<equals])
        guard Self.isName(name) else { return nil }
        self.init(name: name, value: String(word[word.index(after: equals)...]))
    }

    /// Whether the name is valid: ASCII letters, digits and `_`, and no digit first (POSIX, 8.1).
    public static func isName(_ word: String) -> Bool {
        isIdentifier(word) && word.utf8.allSatisfy { $0 < 0x80 }
    }
}
