internal import CSystem
internal import Glibc

/// Delivers signals as bytes in a pipe, so that an event loop can handle them. One per process.
public struct SignalPipe: ~Copyable, Sendable {
    private let descriptor: Descriptor

    /// The reading end, for a poller.
    public var raw: Int32 { descriptor.raw }

    /// Catches these signals from now on.
    public init(_ signals: [Int32]) throws(SystemError) {
        descriptor = Descriptor(adopting: try check(unsafe wsgi_signal_pipe(signals, signals.count), "pipe2"))
    }

    /// The next byte: a signal's number, or a byte from `post`; `nil`: there is none.
    public func next() -> UInt8? {
        var byte: UInt8 = 0
        return unsafe read(descriptor.raw, &byte, 1) == 1 ? byte : nil
    }

    /// Writes a byte into the pipe, from any thread. Numbers from 128 on are not signals.
    public static func post(_ byte: UInt8) { wsgi_signal_pipe_write(byte) }

    /// Ignores a signal.
    public static func ignore(_ signal: Int32) { wsgi_ignore_signal(signal) }
}
