internal import CSystem
internal import Glibc

/// One end of a pipe that carries packets from a worker to the supervisor: bytes, and never descriptors. Closing a
/// descriptor may take any time, an hour for a socket with SO_LINGER, and a socket gives its reader no choice.
///
/// Whoever holds the writing end may send anything; what arrives is as long as `maximumPacket` at most.
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

        /// Takes the pair apart.
        public consuming func keepReading() -> PacketPipe { reading }
    }

    /// A pipe of which no end waits.
    public static func pair() throws(SystemError) -> Pair {
        var reading: Int32 = -1
        var writing: Int32 = -1
        try check(unsafe wsgi_packet_pipe(&reading, &writing), "pipe2")
        return Pair(reading: PacketPipe(adopting: reading), writing: Descriptor(adopting: writing))
    }

    /// Sends one packet; nothing raises SIGPIPE. A full pipe is waited for, as many milliseconds as that may take, then it is an error (`EAGAIN`);
    /// negative: for ever.
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

    /// Receives one packet; `nil`: none is there; empty: nobody can send any more.
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
