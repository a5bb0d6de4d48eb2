public import WSGICore

/// The explanation of a log message: a row of `LogIDManual`.
///
/// Texts are plain English with Markdown's back quotes and links, which are relative to `docs/reference`.
public struct LogIDEntry: Sendable {
    /// The identifier.
    public let id: LogID
    /// The levels at which it is logged, the most severe one first.
    public let levels: [LogLevel]
    /// A short name of the condition.
    public let title: String
    /// The texts as they are logged, with `<placeholders>`; the most frequent one first.
    public let texts: [String]
    /// The condition and its effects, in paragraphs.
    public let cause: String
    /// The actions that resolve it.
    public let remedy: String

    init(
        _ id: LogID, _ levels: [LogLevel], _ title: String, texts: [String], cause: String, remedy: String
    ) {
        self.id = id
        self.levels = levels
        self.title = title
        self.texts = texts
        self.cause = cause
        self.remedy = remedy
    }
}
