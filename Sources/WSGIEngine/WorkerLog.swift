internal import CSystem
internal import ProcessKit
internal import WSGICore

/// Lines of the daemon process that belong to no request: descriptor 2 is the group's error log.
enum WorkerLog {
    /// Writes a line with an id.
    static func write(_ level: wsgi_log_level, _ id: LogID, _ text: String) {
        LogLine.write(level: Int(level.rawValue), text: "\(id.tag): \(text)")
    }

    /// Writes a line.
    static func write(_ level: Int32, _ text: UnsafeRawBufferPointer) {
        unsafe LogLine.write(level: Int(level), text: String(decoding: text, as: UTF8.self))
    }

    /// What the adapter is given for such lines.
    static func host() -> wsgi_host {
        unsafe wsgi_host(log: { level, text, length in
            unsafe WorkerLog.write(level, UnsafeRawBufferPointer(start: text, count: length))
        })
    }
}
