internal import CSystem
internal import Glibc

/// Lines in the default format of httpd's error log, for processes that do not log through httpd.
public enum LogLine {
    /// The names of httpd's levels, by their numbers.
    private static let names: [StaticString] = [
        "emerg", "alert", "crit", "error", "warn", "notice", "info", "debug", "trace1",
    ]

    /// The line, with its newline: `[Sat Nov 21 05:25:42.123456 2026] [wsgi:error] [pid 123] text`.
    ///
    /// - Parameters:
    ///   - level: httpd's number (`APLOG_*`). Numbers out of range are clamped.
    ///   - text: The message. Line breaks in it are kept.
    public static func format(
        level: Int, text: String, process: Int32 = CurrentProcess.id, microseconds: Int64 = Clock.wallMicroseconds()
    ) -> String {
        let name = names[min(max(level, 0), names.count - 1)]
        return "[\(time(microseconds))] [wsgi:\(name)] [pid \(process)] \(text)\n"
    }

    /// The text with control characters escaped as `\\n` or `\\x1b`, so that text from other processes can neither
    /// forge lines nor control a terminal.
    public static func escaped(_ text: String) -> String {
        guard text.unicodeScalars.contains(where: isControl) else { return text }
        var result = ""
        for scalar in text.unicodeScalars {
            guard isControl(scalar) else {
                result.unicodeScalars.append(scalar)
                continue
            }
            switch scalar {
            case "\n": result += "\\n"
            case "\r": result += "\\r"
            case "\t": result += "\\t"
            default: result += (scalar.value < 0x10 ? "\\x0" : "\\x") + String(scalar.value, radix: 16)
            }
        }
        return result
    }

    private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
        scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value)
    }

    /// Writes several lines of one level, if possible with one call.
    public static func write(level: Int, lines: [String], to descriptor: Int32 = 2) {
        var text = lines.map { format(level: level, text: $0) }.joined()
        text.withUTF8 { unsafe put(UnsafeRawBufferPointer($0), descriptor) }
    }

    /// Writes the lines of a text, each with its own header, if possible with one call, so that lines of several
    /// processes do not mix.
    public static func write(level: Int, text: String, to descriptor: Int32 = 2) {
        // Not `Character`s: "\r\n" is one of them.
        let lines = text.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        write(level: level, lines: lines.map { String(decoding: $0, as: UTF8.self) }, to: descriptor)
    }

    /// Maximum wait for space, in milliseconds. Then the rest of the text is omitted.
    private static let patience: Int64 = 1_000

    /// Continues after partial writes, which a full pipe or a signal causes.
    private static func put(_ bytes: UnsafeRawBufferPointer, _ descriptor: Int32) {
        var rest = unsafe bytes
        var deadline: Int64?
        while rest.count > 0 {
            let count = unsafe Glibc.write(descriptor, rest.baseAddress, rest.count)
            if count > 0 {
                unsafe rest = unsafe UnsafeRawBufferPointer(rebasing: rest.dropFirst(count))
                continue
            }
            switch errno {
            case EINTR: continue
            case EAGAIN:
                // Another process that shares the pipe has made it non-blocking.
                let now = Clock.milliseconds()
                let end = deadline ?? now + patience
                deadline = end
                guard now < end else { return }
                var wait = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                let found = unsafe poll(&wait, 1, Int32(clamping: end - now))
                guard found > 0 || found < 0 && errno == EINTR else { return }
            default: return
            }
        }
    }

    /// Local time as httpd prints it.
    private static func time(_ microseconds: Int64) -> String {
        unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: 64) { room in
            guard let start = room.baseAddress else { return "" }
            let length = unsafe wsgi_log_time(microseconds, start, room.count)
            return unsafe String(
                decoding: UnsafeRawBufferPointer(start: start, count: length), as: UTF8.self)
        }
    }
}
