/// The place of a statement in the configuration.
public struct SourceLocation: Hashable, Sendable, CustomStringConvertible {
    /// The configuration file.
    public let file: String
    /// The number of the line, from 1.
    public let line: Int

    /// Creates a location.
    public init(file: String, line: Int) {
        self.file = file
        self.line = line
    }

    /// `file:line`.
    public var description: String { "\(file):\(line)" }
}
