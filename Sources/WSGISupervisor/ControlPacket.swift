internal import ProcessKit
internal import WSGICore
internal import WSGIWire

/// A packet of the control sockets: its kind and what follows.
struct ControlPacket {
    /// What the packet says.
    let kind: ControlKind
    /// What follows the kind.
    let payload: [UInt8]

    /// A packet to be sent.
    init(_ kind: ControlKind, payload: [UInt8] = []) {
        self.kind = kind
        self.payload = payload
    }

    /// The packet in these bytes; `nil`: of an unknown kind.
    init?(_ bytes: [UInt8]) {
        guard bytes.count >= 4 else { return nil }
        let raw = unsafe bytes.withUnsafeBytes { unsafe $0.loadUnaligned(as: UInt32.self) }
        guard let kind = ControlKind(rawValue: raw) else { return nil }
        self.kind = kind
        payload = Array(bytes.dropFirst(4))
    }

    /// Tells a worker to end.
    static func drain(requests: Int, total: Int) -> ControlPacket {
        var buffer = ByteBuffer()
        buffer.append(UInt32(clamping: requests))
        buffer.append(UInt32(clamping: total))
        return ControlPacket(.drain, payload: unsafe Array(buffer.bytes))
    }

    /// Tells a worker that no successor can be started with this code.
    static func refused(_ path: String, modified: Int64) -> ControlPacket {
        var buffer = ByteBuffer()
        buffer.append(string: path)
        buffer.append(modified)
        return ControlPacket(.refused, payload: unsafe Array(buffer.bytes))
    }

    /// What `body` makes of the payload.
    func read<Result>(_ body: (inout ByteReader) -> Result) -> Result {
        unsafe payload.withUnsafeBytes { bytes in
            var reader = unsafe ByteReader(bytes)
            return body(&reader)
        }
    }

    /// The payload of `retire`; `nil`: of a reason that is not known.
    var retirement: (ShutdownReason, String)? {
        unsafe payload.withUnsafeBytes { bytes in
            var reader = unsafe ByteReader(bytes)
            guard let code = try? reader.integer(UInt8.self), let reason = ShutdownReason(rawValue: code) else {
                return nil
            }
            return (reason, (try? reader.string()) ?? "")
        }
    }

    /// The payload of `changed`.
    var changedCode: (path: String, modified: Int64, isAwaited: Bool)? {
        read { reader in
            guard let path = try? reader.string(), let modified = try? reader.integer(Int64.self),
                let isAwaited = try? reader.integer(UInt8.self)
            else { return nil }
            return (path, modified, isAwaited != 0)
        }
    }

    /// The payload as one string; empty when it is not one.
    var text: String { read { (try? $0.string()) ?? "" } }

    /// Sends the packet; a worker that does not take its packets is dealt with by its deadlines, so this never waits.
    func send(on socket: borrowing PacketSocket, descriptors: [Int32] = []) throws(SystemError) {
        var buffer = ByteBuffer()
        buffer.append(kind.rawValue)
        unsafe payload.withUnsafeBytes { unsafe buffer.append($0) }
        try unsafe socket.send(buffer.bytes, descriptors: descriptors, wait: false)
    }
}
