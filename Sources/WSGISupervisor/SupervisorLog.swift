internal import ProcessKit
internal import WSGICore

/// The supervisor's log lines: in the log of the group they are about, or in httpd's main error log (descriptor 2).
struct SupervisorLog {
    /// httpd's number of the least important level that is written.
    var level = 4

    /// A line for people who search for its id.
    func problem(_ id: LogID, level: Int = 3, _ text: String, to descriptor: Int32 = 2) {
        write(level, "\(id.tag): \(text)", descriptor)
    }

    /// A line about the ordinary life of processes.
    func info(_ text: @autoclosure () -> String, to descriptor: Int32 = 2) {
        guard level >= 6 else { return }
        write(6, text(), descriptor)
    }

    /// A line that belongs to the problem before it.
    func line(_ text: String, level: Int = 3, to descriptor: Int32 = 2) { write(level, text, descriptor) }

    private func write(_ level: Int, _ text: String, _ descriptor: Int32) {
        guard level <= self.level else { return }
        LogLine.write(level: level, text: text, to: descriptor)
    }
}
