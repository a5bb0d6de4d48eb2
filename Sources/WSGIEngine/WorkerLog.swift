internal import CEngineABI
internal import ProcessKit
internal import WSGICore

/// Log lines of the daemon process outside requests: descriptor 2 is the group's error log.
enum WorkerLog {
    /// The least important level that is written. Set before there are other threads.
    nonisolated(unsafe) static var level: Int32 = 4

    /// Writes a message with an id. Each line of it, such as those of a Python stack, gets a header.
    static func write(_ level: wsgi_log_level, _ id: LogID, _ text: String) {
        guard unsafe Int32(level.rawValue) <= self.level else { return }
        LogLine.write(level: Int(level.rawValue), text: "\(id.tag): \(text)")
    }

    /// Writes a message without an id.
    static func write(_ level: wsgi_log_level, _ text: String) {
        guard unsafe Int32(level.rawValue) <= self.level else { return }
        LogLine.write(level: Int(level.rawValue), text: text)
    }

    /// Writes a message.
    static func write(_ level: Int32, _ text: UnsafeRawBufferPointer) {
        guard unsafe level <= self.level else { return }
        unsafe LogLine.write(level: Int(level), text: String(decoding: text, as: UTF8.self))
    }

    /// The log function for the adapter.
    static func host() -> wsgi_host {
        unsafe wsgi_host(log: { level, text, length in
            unsafe WorkerLog.write(level, UnsafeRawBufferPointer(start: text, count: length))
        })
    }
}
