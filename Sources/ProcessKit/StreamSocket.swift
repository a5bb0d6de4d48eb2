internal import CSystem
internal import Glibc

/// Calls on connected and listening UNIX stream sockets, for the path that every request takes: plain numbers in and
/// out, nothing allocated, nothing thrown. Interrupted calls are repeated; nothing raises SIGPIPE.
public enum StreamSocket {
    /// The other end has gone.
    public static let disconnected = -1
    /// The socket's time limit is over, or there is nothing now and the call was not to wait.
    public static let timedOut = -2
    /// There is no descriptor left for a new connection.
    public static let exhausted = -3
    /// Anything else.
    public static let failed = -4
    /// Nobody can connect to the listening socket any more.
    public static let ended = -5

    /// Removes the file that a listening socket is bound to.
    public static func unlink(_ listener: Int32) { wsgi_unlink_socket(listener) }

    /// Receives what is there, up to the buffer's size: the count, 0 when the other end has closed, or a failure.
    public static func receive(_ socket: Int32, _ buffer: UnsafeMutableRawBufferPointer, wait: Bool = true) -> Int {
        guard let start = buffer.baseAddress else { return failed }
        return outcome(unsafe wsgi_receive(socket, start, buffer.count, wait, false))
    }

    /// The same without taking the bytes away.
    public static func peek(_ socket: Int32, _ buffer: UnsafeMutableRawBufferPointer) -> Int {
        guard let start = buffer.baseAddress else { return failed }
        return outcome(unsafe wsgi_receive(socket, start, buffer.count, false, true))
    }

    /// Receives into two places, one after the other.
    public static func receive(
        _ socket: Int32, _ first: UnsafeMutableRawBufferPointer, _ second: UnsafeMutableRawBufferPointer
    ) -> Int {
        var parts = unsafe (
            iovec(iov_base: first.baseAddress, iov_len: first.count),
            iovec(iov_base: second.baseAddress, iov_len: second.count)
        )
        let got = unsafe withUnsafePointer(to: &parts) { parts in
            unsafe parts.withMemoryRebound(to: iovec.self, capacity: 2) {
                unsafe wsgi_receive_parts(socket, $0, 2, nil, 0, nil, true)
            }
        }
        return outcome(got)
    }

    /// Sends everything; 0, or a failure after which the connection is of no use.
    public static func send(_ socket: Int32, _ bytes: UnsafeRawBufferPointer) -> Int {
        var rest = unsafe bytes
        while let start = rest.baseAddress, rest.count > 0 {
            let sent = unsafe outcome(wsgi_send(socket, start, rest.count, true))
            guard sent >= 0 else { return sent }
            unsafe rest = unsafe UnsafeRawBufferPointer(rebasing: rest[min(sent, rest.count)...])
        }
        return 0
    }

    /// Sends one thing after the other with as few calls as possible; 0, or a failure.
    public static func send(
        _ socket: Int32, _ first: UnsafeRawBufferPointer, _ second: UnsafeRawBufferPointer
    ) -> Int {
        var parts = unsafe (
            iovec(iov_base: UnsafeMutableRawPointer(mutating: first.baseAddress), iov_len: first.count),
            iovec(iov_base: UnsafeMutableRawPointer(mutating: second.baseAddress), iov_len: second.count)
        )
        let result = unsafe withUnsafePointer(to: &parts) { parts in
            unsafe parts.withMemoryRebound(to: iovec.self, capacity: 2) {
                unsafe wsgi_send_parts(socket, $0, 2, nil, 0, true)
            }
        }
        let sent = outcome(result)
        guard sent >= 0 else { return sent }
        if sent < first.count {
            let failure = unsafe send(socket, UnsafeRawBufferPointer(rebasing: first[sent...]))
            guard failure == 0 else { return failure }
        }
        return unsafe send(socket, UnsafeRawBufferPointer(rebasing: second[max(sent - first.count, 0)...]))
    }

    /// Sends everything, and a descriptor with the first byte; 0, or a failure. The descriptor stays the caller's.
    public static func send(_ socket: Int32, _ bytes: UnsafeRawBufferPointer, descriptor: Int32) -> Int {
        var part = unsafe iovec(iov_base: UnsafeMutableRawPointer(mutating: bytes.baseAddress), iov_len: bytes.count)
        var number = descriptor
        let sent = unsafe outcome(wsgi_send_parts(socket, &part, 1, &number, 1, true))
        guard sent >= 0 else { return sent }
        return unsafe send(socket, UnsafeRawBufferPointer(rebasing: bytes[min(sent, bytes.count)...]))
    }

    /// Accepts a connection (close-on-exec, blocking): its descriptor, or a failure.
    public static func accept(_ listener: Int32) -> Int {
        let result = wsgi_accept(listener)
        return result == -EINVAL ? ended : outcome(Int64(result))
    }

    /// Closes the connections that wait to be accepted. Their requests were not read, which the other ends can tell.
    /// Another process does it, because of what may have been sent on them: one for all of them.
    ///
    /// - Parameter isRepeated: The caller does so again and again; while a few such processes have not ended nothing is done.
    public static func turnAway(_ listeners: [Int32], isRepeated: Bool = false) {
        let sorted = listeners.sorted()
        unsafe sorted.withUnsafeBufferPointer { list in
            if let start = list.baseAddress { unsafe wsgi_turn_away(start, list.count, isRepeated) }
        }
    }

    /// The same for one socket.
    public static func turnAway(_ listener: Int32) { turnAway([listener]) }

    /// Closes listening sockets, and what waits at them, without waiting for that: another process does, one for all of them.
    /// Other descriptors may be among them.
    ///
    /// - Returns: Those that are still open, because there can be no further process at the moment.
    @discardableResult
    public static func closeAside(_ listeners: [Int32]) -> [Int32] {
        var list = listeners.sorted()
        let count = unsafe list.withUnsafeMutableBufferPointer { list in
            unsafe list.baseAddress.map { unsafe wsgi_close_aside($0, list.count) } ?? 0
        }
        return Array(list.prefix(count))
    }

    /// The process that has made the connection.
    public struct Peer: Equatable, Sendable {
        /// Its user; `nil`: that cannot be found out.
        public let user: UInt32?
        /// Its pid; 0: it is not visible from here.
        public let process: Int32
    }

    /// Who has connected.
    public static func peer(_ socket: Int32) -> Peer {
        var process: Int32 = 0
        let user = unsafe wsgi_peer(socket, &process)
        return Peer(user: UInt32(exactly: user), process: process)
    }

    /// Limits how long each send and receive may wait, in seconds; 0: for ever.
    public static func setTimeouts(_ socket: Int32, seconds: Int) { _ = wsgi_set_timeouts(socket, Int64(seconds)) }

    /// Sets the sizes of its buffers in bytes; 0: unchanged. The system doubles them, and has limits of its own. A
    /// connection does not take them over from the listening socket.
    public static func setBuffers(_ socket: Int32, send: Int, receive: Int) {
        if send > 0 { wsgi_set_buffer(socket, true, Int64(send)) }
        if receive > 0 { wsgi_set_buffer(socket, false, Int64(receive)) }
    }

    /// Makes the other end's sends fail; what it has sent can still be received.
    public static func shutDownReading(_ socket: Int32) { _ = shutdown(socket, Int32(SHUT_RD)) }

    /// Nothing more is received or sent on it; whoever waits for it is woken. The descriptor stays.
    public static func shutDown(_ socket: Int32) { _ = shutdown(socket, Int32(SHUT_RDWR)) }

    /// Sends what can be sent without waiting.
    public static func sendAtOnce(_ socket: Int32, _ bytes: UnsafeRawBufferPointer) {
        guard let start = bytes.baseAddress else { return }
        _ = unsafe wsgi_send(socket, start, bytes.count, false)
    }

    /// Ends the connection also for processes that were forked off with it, and closes it.
    public static func end(_ socket: Int32) {
        _ = shutdown(socket, Int32(SHUT_RDWR))
        _ = close(socket)
    }

    /// Closes the descriptor without more: unread bytes tell the other end that they were not taken (ECONNRESET).
    public static func abandon(_ socket: Int32) { _ = close(socket) }

    private static func outcome(_ result: Int64) -> Int {
        guard result < 0 else { return Int(truncatingIfNeeded: result) }
        return switch Int32(truncatingIfNeeded: 0 &- result) {
        case EPIPE, ECONNRESET, ENOTCONN: disconnected
        case EAGAIN, ETIMEDOUT: timedOut
        case EMFILE, ENFILE, ENOMEM, ENOBUFS: exhausted
        default: failed
        }
    }
}
