internal import CSystem
internal import Glibc

/// Lines in the format that httpd's error log has by default, for processes that httpd does not write for.
public enum LogLine {
    /// The names of httpd's levels, by their numbers.
    private static let names: [StaticString] = [
        "emerg", "alert", "crit", "error", "warn", "notice", "info", "debug", "trace1",
    ]

    /// The line, with its newline: `[Sat Nov 21 05:25:42.123456 2026] [wsgi:error] [pid 123] text`.
    ///
    /// - Parameters:
    ///   - level: httpd's number (`APLOG_*`); out of range counts as the nearest.
    ///   - text: What there is to say; line breaks within stay.
    public static func format(
        level: Int, text: String, process: Int32 = CurrentProcess.id, microseconds: Int64 = Clock.wallMicroseconds()
    ) -> String {
        let name = names[min(max(level, 0), names.count - 1)]
        return "[\(time(microseconds))] [wsgi:\(name)] [pid \(process)] \(text)\n"
    }

    /// Writes a line with one `write(2)`, so that lines of several processes never mix.
    public static func write(level: Int, text: String, to descriptor: Int32 = 2) {
        var line = format(level: level, text: text)
        line.withUTF8 { unsafe put(UnsafeRawBufferPointer($0), descriptor) }
    }

    /// Goes on where a full pipe, or a signal, has made the system take a part only.
    private static func put(_ bytes: UnsafeRawBufferPointer, _ descriptor: Int32) {
        var rest = unsafe bytes
        while rest.count > 0 {
            let count = unsafe Glibc.write(descriptor, rest.baseAddress, rest.count)
            if count > 0 {
                unsafe rest = unsafe UnsafeRawBufferPointer(rebasing: rest.dropFirst(count))
                continue
            }
            switch errno {
            case EINTR: continue
            case EAGAIN:
                // Somebody who shares the pipe has made it non-blocking.
                var wait = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                guard unsafe poll(&wait, 1, 1_000) == 1 else { return }
            default: return
            }
        }
    }

    /// Writes text that has its own format, a traceback, as it is.
    public static func copy(_ text: [UInt8], to descriptor: Int32) {
        unsafe text.withUnsafeBytes { unsafe put($0, descriptor) }
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
