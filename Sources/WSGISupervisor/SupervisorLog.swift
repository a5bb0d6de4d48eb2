internal import ProcessKit
internal import WSGICore

/// Writes the supervisor's log lines to the log of the group concerned, or to httpd's main error log (descriptor 2).
///
/// Any text may contain parts that a worker has sent, so control characters are always escaped.
struct SupervisorLog {
    /// The least severe level that is logged.
    var level = LogLevel.warning
    /// Number of messages by their ids, which copies share.
    private let counters = Counters()

    private final class Counters {
        var counts: [String: Int64] = [:]
    }

    /// Number of messages by their ids.
    var counts: [NamedCount] { counters.counts.sorted { $0.key < $1.key }.map { NamedCount($0.key, $0.value) } }

    /// Maximum number of lines of details. A worker may send many line breaks.
    private static let mostDetails = 2_000

    /// Logs a message with its id, followed by `details`, lines from a worker.
    func write(_ id: LogID, level: LogLevel = .error, _ text: String, details: String = "", to descriptor: Int32 = 2) {
        guard level <= self.level else { return }
        counters.counts[id.tag, default: 0] += 1
        var lines = ["\(id.tag): \(LogLine.escaped(text))"]
        for line in details.split(separator: "\n") {
            guard lines.count <= Self.mostDetails else { break }
            lines.append(LogLine.escaped(String(line)))
        }
        LogLine.write(level: Int(level.rawValue), lines: lines, to: descriptor)
    }

    /// Logs a message about the normal life cycle of processes.
    func info(_ text: @autoclosure () -> String, to descriptor: Int32 = 2) {
        guard level >= .info else { return }
        LogLine.write(level: Int(LogLevel.info.rawValue), text: LogLine.escaped(text()), to: descriptor)
    }
}
