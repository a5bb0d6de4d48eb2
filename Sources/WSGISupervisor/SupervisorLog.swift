internal import ProcessKit
internal import WSGICore

/// An error log, as the supervisor writes to it: httpd's main one, or that of a process group.
///
/// Any text may contain parts that a worker has sent, so control characters are always escaped.
struct SupervisorLog {
    /// The least severe level that is logged: the `LogLevel` of the server or virtual host.
    var level = LogLevel.warning
    /// The descriptor.
    var descriptor: Int32 = 2

    /// Number of messages of the supervisor, and of the workers that have ended, by their ids. The supervisor has one
    /// thread.
    @safe nonisolated(unsafe) private(set) static var counts: [UInt16: Int64] = [:]

    /// Counts the messages of a worker that has ended.
    static func count(_ messages: [UInt16: UInt32]) {
        for (id, count) in messages { counts[id, default: 0] &+= Int64(count) }
    }

    /// Maximum number of lines of details. A worker may send many line breaks.
    private static let mostDetails = 2_000

    /// Whether messages of a level are logged. As in httpd's log files, notices cannot be suppressed.
    func includes(_ level: LogLevel) -> Bool { level <= self.level || level == .notice }

    /// Logs a message with its id, followed by `details`, lines from a worker.
    func write(_ id: LogID, level: LogLevel = .error, _ text: String, details: String = "") {
        guard includes(level) else { return }
        Self.counts[id.rawValue, default: 0] &+= 1
        var lines = ["\(id.tag): \(LogLine.escaped(text))"]
        for line in details.split(separator: "\n") {
            guard lines.count <= Self.mostDetails else { break }
            lines.append(LogLine.escaped(String(line)))
        }
        LogLine.write(level: Int(level.rawValue), lines: lines, to: descriptor)
    }

    /// Logs a message about the normal life cycle of processes.
    func write(_ level: LogLevel, _ text: @autoclosure () -> String) {
        guard includes(level) else { return }
        LogLine.write(level: Int(level.rawValue), text: LogLine.escaped(text()), to: descriptor)
    }
}
