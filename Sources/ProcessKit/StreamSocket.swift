internal import CSystem
internal import Glibc

/// Calls on connected and listening UNIX stream sockets, for the hot path of requests. They take and return plain
/// numbers, allocate nothing and throw nothing. Interrupted calls are repeated. No call raises SIGPIPE.
public enum StreamSocket {
    /// The other end is closed.
    public static let disconnected = -1
    /// The socket's time limit has expired, or a call without waiting found nothing.
    public static let timedOut = -2
    /// There is no descriptor left for a new connection.
    public static let exhausted = -3
    /// Any other error.
    public static let failed = -4
    /// The listening socket no longer accepts connections.
    public static let ended = -5

    /// Removes the file that a listening socket is bound to.
    public static func unlink(_ listener: Int32) { wsgi_unlink_socket(listener) }

    /// Receives available bytes, at most the buffer's size. Returns the count, 0 if the other end has closed, or a
    /// failure.
    public static func receive(_ socket: Int32, _ buffer: UnsafeMutableRawBufferPointer, wait: Bool = true) -> Int {
        guard let start = buffer.baseAddress else { return failed }
        return outcome(unsafe wsgi_receive(socket, start, buffer.count, wait, false))
    }

    /// The same without consuming the bytes.
    public static func peek(_ socket: Int32, _ buffer: UnsafeMutableRawBufferPointer) -> Int {
        guard let start = buffer.baseAddress else { return failed }
        return outcome(unsafe wsgi_receive(socket, start, buffer.count, false, true))
    }

    /// Receives into two buffers, one after the other.
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

    /// Sends all bytes. Returns 0, or a failure after which the connection is unusable.
    public static func send(_ socket: Int32, _ bytes: UnsafeRawBufferPointer) -> Int {
        var rest = unsafe bytes
        while let start = rest.baseAddress, rest.count > 0 {
            let sent = unsafe outcome(wsgi_send(socket, start, rest.count, true))
            guard sent >= 0 else { return sent }
            unsafe rest = unsafe UnsafeRawBufferPointer(rebasing: rest[min(sent, rest.count)...])
        }
        return 0
    }

    /// Sends several buffers with as few calls as possible. Returns 0 or a failure.
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

    /// Sends all bytes, with a descriptor at the first byte. Returns 0 or a failure. The caller keeps the descriptor.
    public static func send(_ socket: Int32, _ bytes: UnsafeRawBufferPointer, descriptor: Int32) -> Int {
        var part = unsafe iovec(iov_base: UnsafeMutableRawPointer(mutating: bytes.baseAddress), iov_len: bytes.count)
        var number = descriptor
        let sent = unsafe outcome(wsgi_send_parts(socket, &part, 1, &number, 1, true))
        guard sent >= 0 else { return sent }
        return unsafe send(socket, UnsafeRawBufferPointer(rebasing: bytes[min(sent, bytes.count)...]))
    }

    /// Accepts a connection (close-on-exec, blocking). Returns its descriptor or a failure.
    public static func accept(_ listener: Int32) -> Int {
        let result = wsgi_accept(listener)
        return result == -EINVAL ? ended : outcome(Int64(result))
    }

    /// Closes the connections that wait to be accepted. The other ends can detect that their requests were not read.
    /// One other process closes all of them, because descriptors that were sent on them may block it.
    ///
    /// - Parameter isRepeated: The caller repeats the call. It has no effect while a few such processes have not ended.
    public static func turnAway(_ listeners: [Int32], isRepeated: Bool = false) {
        let sorted = listeners.sorted()
        unsafe sorted.withUnsafeBufferPointer { list in
            if let start = list.baseAddress { unsafe wsgi_turn_away(start, list.count, isRepeated) }
        }
    }

    /// The same for one socket.
    public static func turnAway(_ listener: Int32) { turnAway([listener]) }

    /// Closes listening sockets and their pending connections without waiting: one other process closes all of them.
    /// Other kinds of descriptors may be among them.
    ///
    /// - Returns: Those that are still open, because no process could be created.
    @discardableResult
    public static func closeAside(_ listeners: [Int32]) -> [Int32] {
        var list = listeners.sorted()
        let count = unsafe list.withUnsafeMutableBufferPointer { list in
            unsafe list.baseAddress.map { unsafe wsgi_close_aside($0, list.count) } ?? 0
        }
        return Array(list.prefix(count))
    }

    /// The process at the other end of a connection.
    public struct Peer: Equatable, Sendable {
        /// Its user; `nil`: unknown.
        public let user: UInt32?
        /// Its pid; 0: not visible from here.
        public let process: Int32
    }

    /// The process that connected.
    public static func peer(_ socket: Int32) -> Peer {
        var process: Int32 = 0
        let user = unsafe wsgi_peer(socket, &process)
        return Peer(user: UInt32(exactly: user), process: process)
    }

    /// Limits how long each send and receive may wait, in seconds; 0: no limit.
    public static func setTimeouts(_ socket: Int32, seconds: Int) { _ = wsgi_set_timeouts(socket, Int64(seconds)) }

    /// Sets the sizes of its buffers in bytes; 0: unchanged. The system doubles them and has its own limits. A
    /// connection does not inherit them from the listening socket.
    public static func setBuffers(_ socket: Int32, send: Int, receive: Int) {
        if send > 0 { wsgi_set_buffer(socket, true, Int64(send)) }
        if receive > 0 { wsgi_set_buffer(socket, false, Int64(receive)) }
    }

    /// Makes the other end's sends fail. Bytes that it has already sent can still be received.
    public static func shutDownReading(_ socket: Int32) { _ = shutdown(socket, Int32(SHUT_RD)) }

    /// Shuts the socket down in both directions and wakes all threads that wait for it. The descriptor stays open.
    public static func shutDown(_ socket: Int32) { _ = shutdown(socket, Int32(SHUT_RDWR)) }

    /// Sends as many bytes as possible without waiting.
    public static func sendAtOnce(_ socket: Int32, _ bytes: UnsafeRawBufferPointer) {
        guard let start = bytes.baseAddress else { return }
        _ = unsafe wsgi_send(socket, start, bytes.count, false)
    }

    /// Ends the connection, also for forked processes that share it, and closes the descriptor.
    public static func end(_ socket: Int32) {
        _ = shutdown(socket, Int32(SHUT_RDWR))
        _ = close(socket)
    }

    /// Only closes the descriptor. If bytes are unread, the other end sees ECONNRESET.
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
