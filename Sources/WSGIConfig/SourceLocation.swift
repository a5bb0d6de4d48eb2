/// Where a statement stands in the configuration.
public struct SourceLocation: Hashable, Sendable, CustomStringConvertible {
    /// The configuration file.
    public let file: String
    /// The line in it, from 1.
    public let line: Int

    /// Names a place.
    public init(file: String, line: Int) {
        self.file = file
        self.line = line
    }

    /// `file:line`.
    public var description: String { "\(file):\(line)" }
}
