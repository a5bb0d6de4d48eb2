/// A variable for the environment of processes: `env=NAME=VALUE`.
public struct EnvironmentVariable: Equatable, Sendable {
    /// The name.
    public let name: String
    /// The value; never to be printed in a log.
    public let value: String

    /// A variable; the name must be one that `isName` accepts.
    public init(name: String, value: String) {
        self.name = name
        self.value = value
    }

    /// Reads `NAME=VALUE`; `nil` when there is no `=`, or the name is not one.
    public init?(_ word: String) {
        guard let equals = word.firstIndex(of: "=") else { return nil }
        let name = String(word[..<equals])
        guard Self.isName(name) else { return nil }
        self.init(name: name, value: String(word[word.index(after: equals)...]))
    }

    /// Whether a variable may have this name: ASCII letters, digits and `_`, and no digit first (POSIX, 8.1).
    public static func isName(_ word: String) -> Bool {
        isIdentifier(word) && word.utf8.allSatisfy { $0 < 0x80 }
    }
}
