internal import CEngineABI
internal import WSGICore

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
        case .report where level.rawValue > WSGI_LOG_ERR.rawValue, .process:
            unsafe ProcessState.current?.pointee.host.pointee.log?(Int32(level.rawValue), text, bytes.count)
        case .transport(let transport):
            unsafe transport.pointee.log?(transport.pointee.context, Int32(level.rawValue), text, bytes.count)
        case .report(let report):
            unsafe report.append(Text.string(bytes))
        }
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
