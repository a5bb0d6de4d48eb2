internal import ProcessKit
internal import WSGICore

/// The supervisor's log lines: in the log of the group they are about, or in httpd's main error log (descriptor 2).
///
/// Every text may have parts that a worker has sent, so control characters are escaped in all of them.
struct SupervisorLog {
    /// httpd's number of the least important level that is written.
    var level = 4

    /// The most lines of details; a worker may fill what it writes with line breaks.
    private static let mostDetails = 2_000

    /// A line for people who search for its id; `details` are lines of a worker that follow it.
    func problem(_ id: LogID, level: Int = 3, _ text: String, details: String = "", to descriptor: Int32 = 2) {
        guard level <= self.level else { return }
        var lines = ["\(id.tag): \(LogLine.escaped(text))"]
        for line in details.split(separator: "\n") {
            guard lines.count <= Self.mostDetails else { break }
            lines.append(LogLine.escaped(String(line)))
        }
        LogLine.write(level: level, lines: lines, to: descriptor)
    }

    /// A line about the ordinary life of processes.
    func info(_ text: @autoclosure () -> String, to descriptor: Int32 = 2) {
        guard level >= 6 else { return }
        LogLine.write(level: 6, text: LogLine.escaped(text()), to: descriptor)
    }
}
