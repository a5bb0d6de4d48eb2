internal import CEngineABI
internal import CPython
internal import WSGICore

/// What is true of the process: written once by `start`, before any other thread comes in, and read ever after.
@safe struct ProcessState {
    let spec: ProcessSpec
    let host: UnsafePointer<wsgi_host>
    /// A daemon process, not an httpd child.
    let isDaemon: Bool
    /// A daemon process that serves no requests: its scripts are its work.
    var isService: Bool { spec.worker?.threads == 0 }

    /// The process's state; `nil` before `start`.
    nonisolated(unsafe) static var current: UnsafeMutablePointer<ProcessState>?

    /// Makes the state of this process.
    static func begin(_ spec: ProcessSpec, host: UnsafePointer<wsgi_host>) {
        let state = UnsafeMutablePointer<ProcessState>.allocate(capacity: 1)
        unsafe state.initialize(to: ProcessState(spec: spec, host: host, isDaemon: spec.worker != nil))
        unsafe current = state
    }
}

/// Where log records go.
@safe enum LogTarget {
    /// The process's error log.
    case process
    /// The request that `transport` belongs to; only on its thread.
    case transport(UnsafePointer<wsgi_transport>)
    /// Nowhere yet: the reason why a start has failed.
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

/// Bytes as text.
enum Text {
    /// A string for messages and specs; what is not UTF-8 is repaired.
    static func string(_ bytes: UnsafeRawBufferPointer) -> String {
        unsafe String(decoding: bytes, as: UTF8.self)
    }

    /// Whether two runs of bytes are the same.
    @inline(__always)
    static func equal(_ one: UnsafeRawBufferPointer, _ other: UnsafeRawBufferPointer) -> Bool {
        guard one.count == other.count else { return false }
        guard let left = one.baseAddress, let right = other.baseAddress else { return true }
        return unsafe one.isEmpty || wsgi_bytes_equal(left, right, one.count)
    }

    /// Whether two runs of bytes are the same but for the case of ASCII letters.
    static func equalIgnoringCase(_ one: UnsafeRawBufferPointer, _ other: UnsafeRawBufferPointer) -> Bool {
        guard one.count == other.count else { return false }
        for index in 0..<one.count where unsafe lower(one[index]) != lower(other[index]) { return false }
        return true
    }

    private static func lower(_ byte: UInt8) -> UInt8 {
        byte >= UInt8(ascii: "A") && byte <= UInt8(ascii: "Z") ? byte | 0x20 : byte
    }

    /// A copy of bytes that lives for ever.
    static func immortal(_ bytes: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
        let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: max(bytes.count, 1), alignment: 8)
        unsafe copy.copyMemory(from: bytes)
        return unsafe UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(copy)[0..<bytes.count])
    }
}
