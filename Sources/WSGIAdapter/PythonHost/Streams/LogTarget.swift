internal import CEngineABI
internal import WSGICore
internal import WSGIWire

/// The destination of log records.
@safe enum LogTarget {
    /// The process's error log.
    case process
    /// The request that `transport` belongs to; only on its thread.
    case transport(UnsafePointer<wsgi_transport>)
    /// Records kept in memory: the reason why a start failed.
    case report(FailureReport)

    /// Writes one record. Never with the GIL: writing may block.
    func write(_ level: wsgi_log_level, _ bytes: UnsafeRawBufferPointer) {
        let text = unsafe bytes.baseAddress?.assumingMemoryBound(to: UInt8.self)
        switch self {
        case .report where level.rawValue & ~WSGI_LOG_SOURCE.rawValue > WSGI_LOG_ERR.rawValue, .process:
            unsafe ProcessState.current?.pointee.host.pointee.log?(Int32(level.rawValue), text, bytes.count)
        case .transport(let transport):
            unsafe transport.pointee.log?(transport.pointee.context, Int32(level.rawValue), text, bytes.count)
        case .report(let report):
            unsafe report.append(Text.string(LogSource(level: Int32(level.rawValue), bytes).text))
        }
    }

    /// Writes one record that names the place in a program where it was made. Never with the GIL.
    func write(_ level: wsgi_log_level, _ text: String, from path: String, line: Int32) {
        guard !path.isEmpty else { return write(level, text) }
        var record = ByteBuffer(capacity: 256)
        var (path, text) = (path, text)
        path.withUTF8 { unsafe LogSource.append(path: UnsafeRawBufferPointer($0), line: line, to: &record) }
        text.withUTF8 { unsafe record.append(UnsafeRawBufferPointer($0)) }
        unsafe write(wsgi_log_level(level.rawValue | WSGI_LOG_SOURCE.rawValue), record.bytes)
    }

    /// Writes one record of text. Never with the GIL.
    func write(_ level: wsgi_log_level, _ text: String) {
        var copy = text
        copy.withUTF8 { unsafe write(level, UnsafeRawBufferPointer($0)) }
    }

    /// Writes a record that begins with its identifier. Never with the GIL.
    func write(_ level: wsgi_log_level, _ id: LogID, _ text: String) {
        write(level, "\(id.tag): \(text)")
    }
}
