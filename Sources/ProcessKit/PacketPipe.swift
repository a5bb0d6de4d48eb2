internal import CSystem
internal import Glibc

/// One end of a pipe that carries packets from a worker to the supervisor: bytes, but no descriptors. A reader of a
/// socket cannot avoid receiving descriptors, and closing one can take arbitrarily long, for example with SO_LINGER.
///
/// The holder of the writing end may send anything. Received packets are never longer than `maximumPacket`.
public struct PacketPipe: ~Copyable, Sendable {
    /// The longest packet.
    public static let maximumPacket = Int(PIPE_BUF)

    private let descriptor: Descriptor

    /// The descriptor's number, for a poller.
    public var raw: Int32 { descriptor.raw }

    /// Takes over an end.
    public init(adopting raw: Int32) { descriptor = Descriptor(adopting: raw) }

    /// Both ends.
    public struct Pair: ~Copyable {
        /// The end to read from.
        public let reading: PacketPipe
        /// The end to hand to another process.
        public let writing: Descriptor

        /// Returns the end to keep.
        public consuming func keepReading() -> PacketPipe { reading }
    }

    /// A pipe with two non-blocking ends.
    public static func pair() throws(SystemError) -> Pair {
        var reading: Int32 = -1
        var writing: Int32 = -1
        try check(unsafe wsgi_packet_pipe(&reading, &writing), "pipe2")
        return Pair(reading: PacketPipe(adopting: reading), writing: Descriptor(adopting: writing))
    }

    /// Sends one packet, without SIGPIPE. Waits at most `milliseconds` if the pipe is full, and then throws `EAGAIN`;
    /// negative: no limit.
    public func send(_ bytes: UnsafeRawBufferPointer, waiting milliseconds: Int32 = 0) throws(SystemError) {
        guard bytes.count <= Self.maximumPacket else { throw SystemError("write", EMSGSIZE) }
        while true {
            let written = unsafe wsgi_write_to_pipe(raw, bytes.baseAddress, bytes.count)
            guard written < 0 else { return }
            let code = Int32(truncatingIfNeeded: 0 - written)
            if code == EINTR { continue }
            guard code == EAGAIN, milliseconds != 0 else { throw SystemError("write", code) }
            var room = pollfd(fd: raw, events: Int16(POLLOUT), revents: 0)
            let found = unsafe poll(&room, 1, milliseconds)
            guard found > 0 || found < 0 && errno == EINTR else { throw SystemError("write", EAGAIN) }
        }
    }

    /// Receives one packet; `nil`: there is none yet; empty: the writing end is closed.
    public func receive() throws(SystemError) -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: Self.maximumPacket)
        while true {
            let got = unsafe bytes.withUnsafeMutableBytes { unsafe read(raw, $0.baseAddress, $0.count) }
            if got >= 0 {
                bytes.removeLast(bytes.count - got)
                return bytes
            }
            if errno == EAGAIN { return nil }
            guard errno == EINTR else { throw SystemError("read", errno) }
        }
    }
}
