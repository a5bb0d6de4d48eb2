public import WSGICore

/// The explanations of all log messages, one row per `LogID`.
///
/// `docs/reference/errors.md` is printed from it. A message gets its row in the file of its numbers.
public enum LogIDManual {
    /// All rows, in the order of their numbers.
    public static let entries: [LogIDEntry] =
        start + requests + rejections + applications + configuration + processes + findings + limits + others

    /// The row of an identifier.
    public static func entry(of id: LogID) -> LogIDEntry? { entries.first { $0.id == id } }
}
