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
        var counts: [UInt16: Int64] = [:]
    }

    /// Number of messages of the supervisor, and of the workers that have ended, by their ids.
    var counts: [UInt16: Int64] { counters.counts }

    /// Counts the messages of a worker that has ended.
    func count(_ messages: [UInt16: UInt32]) {
        for (id, count) in messages { counters.counts[id, default: 0] &+= Int64(count) }
    }

    /// Maximum number of lines of details. A worker may send many line breaks.
    private static let mostDetails = 2_000

    /// Logs a message with its id, followed by `details`, lines from a worker.
    func write(_ id: LogID, level: LogLevel = .error, _ text: String, details: String = "", to descriptor: Int32 = 2) {
        guard level <= self.level else { return }
        counters.counts[id.rawValue, default: 0] &+= 1
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
