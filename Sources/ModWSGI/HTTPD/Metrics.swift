internal import CHTTPD
internal import ProcessKit
internal import WSGICore

/// The counters of requests and of log messages, which `wsgi-metrics` shows.
enum Metrics {
    /// The shared counters; `nil`: there was no memory for them. Written by the parent, and by a child before it serves.
    @safe nonisolated(unsafe) static var current: RequestMetrics?

    /// Counts a log message.
    static func count(_ id: LogID) { current?.count(id: id.rawValue) }

    /// `WSGI`.
    private static let prefix = UInt32(littleEndian: 0x4947_5357)

    /// Counts a message of an application's process, if it begins with an id.
    static func countID(of message: UnsafeRawBufferPointer) {
        guard message.count > 8, unsafe message[8] == UInt8(ascii: ":"),
            unsafe message.loadUnaligned(as: UInt32.self) == prefix
        else { return }
        var number: UInt16 = 0
        for index in 4..<8 {
            let digit = unsafe message[index] &- UInt8(ascii: "0")
            guard digit <= 9 else { return }
            number = number &* 10 &+ UInt16(digit)
        }
        if let id = LogID(rawValue: number) { count(id) }
    }
}
