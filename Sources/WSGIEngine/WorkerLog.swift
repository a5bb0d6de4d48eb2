internal import CEngineABI
internal import ProcessKit
internal import WSGICore
internal import WSGIWire

/// Log lines of the daemon process outside requests: descriptor 2 is the group's error log.
enum WorkerLog {
    /// The least important level that is written. Set before there are other threads.
    nonisolated(unsafe) static var level: Int32 = 4

    /// Counts the messages by their ids. Set before there are other threads.
    nonisolated(unsafe) static var board: RequestBoard?

    /// Writes a message with an id. Each line of it, such as those of a Python stack, gets a header.
    static func write(_ level: wsgi_log_level, _ id: LogID, _ text: String) {
        guard unsafe Int32(level.rawValue) <= self.level else { return }
        unsafe board?.count(id: id.rawValue)
        LogLine.write(level: Int(level.rawValue), text: "\(id.tag): \(text)")
    }

    /// Writes a message without an id.
    static func write(_ level: wsgi_log_level, _ text: String) {
        guard unsafe Int32(level.rawValue) <= self.level else { return }
        LogLine.write(level: Int(level.rawValue), text: text)
    }

    /// Writes a message. As in httpd's log, the place where it was made is shown for `debug` only.
    static func write(_ level: Int32, _ record: UnsafeRawBufferPointer) {
        let record = unsafe LogSource(level: level, record)
        guard unsafe record.level <= self.level else { return }
        if let id = unsafe LogID(of: record.text) { unsafe board?.count(id: id.rawValue) }
        var text = unsafe String(decoding: record.text, as: UTF8.self)
        if record.level >= Int32(WSGI_LOG_DEBUG.rawValue), unsafe !record.file.isEmpty {
            let file = unsafe String(decoding: record.file, as: UTF8.self)
            text = "\(LogLine.escaped(file))(\(record.line)): \(text)"
        }
        LogLine.write(level: Int(record.level), text: text)
    }

    /// The log function for the adapter.
    static func host() -> wsgi_host {
        unsafe wsgi_host(
            log: { level, text, length in
                unsafe WorkerLog.write(level, UnsafeRawBufferPointer(start: text, count: length))
            },
            log_level: { unsafe UInt32(clamping: WorkerLog.level) })
    }
}
