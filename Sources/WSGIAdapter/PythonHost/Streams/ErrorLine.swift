internal import CEngineABI
internal import CPython
internal import PythonRuntime
internal import WSGIWire

/// Splits written text into lines, one log record each. An unfinished line waits for its end.
enum ErrorLine {
    /// httpd cuts a record at 8 KiB; a longer line becomes several records, so that nothing is lost.
    private static let longest = 7 << 10

    /// Appends bytes to the waiting line, and removes complete lines from it.
    ///
    /// - Parameters:
    ///   - bytes: The written bytes; `nil`: the waiting line counts as complete.
    ///   - line: The waiting line.
    ///   - script: The script's path, for a line that belongs to a request.
    /// - Returns: Complete lines as records, for `write`; empty if there are none.
    static func complete(
        _ bytes: UnsafeRawBufferPointer?, with line: inout ByteBuffer, script: UnsafeRawBufferPointer?
    ) -> ByteBuffer {
        var ready = ByteBuffer(capacity: 1024)
        if let bytes = unsafe bytes {
            var rest = unsafe bytes
            while let start = rest.baseAddress, unsafe !rest.isEmpty {
                let end = unsafe wsgi_find_byte(start, UInt8(ascii: "\n"), rest.count)
                let length = unsafe end.map { unsafe $0 - start } ?? rest.count
                let taken = min(length, longest &- line.count)
                unsafe line.append(start, taken)
                let isComplete = unsafe taken == length && end != nil
                if isComplete || line.count >= longest { unsafe collect(&line, into: &ready, script) }
                unsafe rest = UnsafeRawBufferPointer(rebasing: rest[(isComplete ? taken &+ 1 : taken)...])
            }
        } else if line.count > 0 {
            unsafe collect(&line, into: &ready, script)
        }
        return ready
    }

    /// Encodes the line as a record: its length, then its bytes.
    static func collect(
        _ line: inout ByteBuffer, into ready: inout ByteBuffer, _ script: UnsafeRawBufferPointer?
    ) {
        let start = ready.count
        ready.append(UInt32(0))
        if let script = unsafe script {
            let opening: StaticString = "[script "
            unsafe ready.append(UnsafeRawPointer(opening.utf8Start), opening.utf8CodeUnitCount)
            unsafe ready.append(script)
            ready.append(byte: UInt8(ascii: "]"))
            ready.append(byte: UInt8(ascii: " "))
        }
        unsafe ready.append(line.bytes)
        ready.set(UInt32(truncatingIfNeeded: ready.count &- start &- 4), at: start)
        line.reset(keeping: 1 << 14)
    }

    /// Writes records. Without the GIL, because writing may block; only the last lines of a stream that is deallocated
    /// are written with it.
    static func write(_ records: borrowing ByteBuffer, to target: LogTarget) {
        var reader = unsafe ByteReader(records.bytes)
        while reader.remaining > 0 {
            guard let length = try? reader.integer(UInt32.self), let record = unsafe try? reader.take(Int(length))
            else {
                return
            }
            unsafe target.write(WSGI_LOG_ERR, record)
        }
    }
}
