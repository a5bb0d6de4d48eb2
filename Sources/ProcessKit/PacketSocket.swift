internal import CSystem
internal import Glibc

/// One end of a SOCK_SEQPACKET pair: a control socket. Packets arrive whole, with descriptors beside them.
public struct PacketSocket: ~Copyable, Sendable {
    /// Maximum number of descriptors in one packet.
    public static let maximumDescriptors = 200
    /// The longest packet that `receive` accepts.
    public static let maximumPacket = 16 << 10

    private let descriptor: Descriptor

    /// The descriptor's number, for a poller.
    public var raw: Int32 { descriptor.raw }

    /// Takes over a connected packet socket.
    public init(adopting raw: Int32) { descriptor = Descriptor(adopting: raw) }

    /// Two connected ends.
    public struct Pair: ~Copyable {
        /// The end to keep.
        public let ours: PacketSocket
        /// The end to hand to another process.
        public let theirs: Descriptor

        /// Returns the end to keep.
        public consuming func keepOurs() -> PacketSocket { ours }
    }

    /// A connected pair.
    public static func pair() throws(SystemError) -> Pair {
        var one: Int32 = -1
        var other: Int32 = -1
        try check(unsafe wsgi_socket_pair(true, &one, &other), "socketpair")
        return Pair(ours: PacketSocket(adopting: one), theirs: Descriptor(adopting: other))
    }

    /// Sends one packet. If `wait` is false, a full queue is an error (`EAGAIN`). The caller keeps `descriptors`.
    public func send(_ bytes: UnsafeRawBufferPointer, descriptors: [Int32] = [], wait: Bool) throws(SystemError) {
        var part = unsafe iovec()
        unsafe part.iov_base = UnsafeMutableRawPointer(mutating: bytes.baseAddress)
        unsafe part.iov_len = bytes.count
        let socket = raw
        let sent = unsafe descriptors.withUnsafeBufferPointer { numbers in
            unsafe wsgi_send_parts(socket, &part, 1, numbers.baseAddress, numbers.count, wait)
        }
        try check(sent, "sendmsg")
    }

    /// A received packet. Its holder owns the descriptors and closes them with `Descriptor`.
    public struct Packet: Equatable, Sendable {
        /// The packet's bytes; empty: the other end is closed.
        public var bytes: [UInt8]
        /// The descriptors that came with it.
        public var descriptors: [Int32]
    }

    /// Receives one packet. If `wait` is false, returns `nil` if there is none.
    public func receive(wait: Bool) throws(SystemError) -> Packet? {
        var bytes = [UInt8](repeating: 0, count: Self.maximumPacket)
        var numbers = [Int32](repeating: -1, count: Self.maximumDescriptors)
        var count = 0
        let socket = raw
        let got = unsafe bytes.withUnsafeMutableBytes { room in
            unsafe numbers.withUnsafeMutableBufferPointer { slots in
                var part = unsafe iovec(iov_base: room.baseAddress, iov_len: room.count)
                return unsafe wsgi_receive_parts(socket, &part, 1, slots.baseAddress, slots.count, &count, wait)
            }
        }
        if got == -Int64(EAGAIN) { return nil }
        try check(got, "recvmsg")
        bytes.removeLast(bytes.count - Int(got))
        numbers.removeLast(numbers.count - count)
        return Packet(bytes: bytes, descriptors: numbers)
    }
}
