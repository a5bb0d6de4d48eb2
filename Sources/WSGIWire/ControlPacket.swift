public import WSGICore

/// A packet of the control sockets: its kind and what follows.
public struct ControlPacket: Equatable, Sendable {
    /// What the packet says.
    public let kind: ControlKind
    /// What follows the kind.
    public let payload: [UInt8]

    /// A packet to be sent.
    public init(_ kind: ControlKind, payload: [UInt8] = []) {
        self.kind = kind
        self.payload = payload
    }

    /// The packet in these bytes; `nil`: of an unknown kind.
    public init?(_ bytes: [UInt8]) {
        guard bytes.count >= 4 else { return nil }
        let raw = unsafe bytes.withUnsafeBytes { unsafe $0.loadUnaligned(as: UInt32.self) }
        guard let kind = ControlKind(rawValue: raw) else { return nil }
        self.kind = kind
        payload = Array(bytes.dropFirst(4))
    }

    /// Tells a worker to end, within seconds for requests under way and for everything.
    public static func drain(requests: Int, total: Int) -> ControlPacket {
        var buffer = ByteBuffer()
        buffer.append(UInt32(clamping: requests))
        buffer.append(UInt32(clamping: total))
        return ControlPacket(.drain, payload: unsafe Array(buffer.bytes))
    }

    /// Tells a worker that no successor can be started with this code.
    public static func refused(_ path: String, modified: Int64) -> ControlPacket {
        var buffer = ByteBuffer()
        buffer.append(string: path)
        buffer.append(modified)
        return ControlPacket(.refused, payload: unsafe Array(buffer.bytes))
    }

    /// Tells a worker that another one of its group serves with a script.
    public static func proven(_ script: ScriptSpec) -> ControlPacket {
        var buffer = ByteBuffer()
        script.write(to: &buffer)
        return ControlPacket(.proven, payload: unsafe Array(buffer.bytes))
    }

    /// What `body` makes of the payload.
    public func read<Result>(_ body: (inout ByteReader) -> Result) -> Result {
        unsafe payload.withUnsafeBytes { bytes in
            var reader = unsafe ByteReader(bytes)
            return body(&reader)
        }
    }

    /// The payload as one string; empty when it is not one.
    public var text: String { read { (try? $0.string()) ?? "" } }

    /// The payload of `loaded`, `unusable` and `proven`.
    public var script: ScriptSpec? { read { try? ScriptSpec.read(from: &$0) } }

    /// The payload of `retire`; `nil`: of a reason that is not known.
    public var retirement: (ShutdownReason, String)? {
        read { reader in
            guard let code = try? reader.integer(UInt8.self), let reason = ShutdownReason(rawValue: code) else {
                return nil
            }
            return (reason, (try? reader.string()) ?? "")
        }
    }

    /// The payload of `refused`: a path and a time.
    public var code: (path: String, modified: Int64)? {
        read { reader in
            guard let path = try? reader.string(), let modified = try? reader.integer(Int64.self) else { return nil }
            return (path, modified)
        }
    }

    /// The payload of `changed`.
    public var changedCode: (path: String, modified: Int64, isAwaited: Bool)? {
        read { reader in
            guard let path = try? reader.string(), let modified = try? reader.integer(Int64.self),
                let isAwaited = try? reader.integer(UInt8.self)
            else { return nil }
            return (path, modified, isAwaited != 0)
        }
    }

    /// The payload's number at this index, counted from 0; 0: it has none.
    public func number(_ index: Int) -> Int {
        guard index >= 0, index < payload.count / 4 else { return 0 }
        return unsafe payload.withUnsafeBytes { bytes in
            unsafe Int(bytes.loadUnaligned(fromByteOffset: 4 * index, as: UInt32.self))
        }
    }

    /// Appends the packet as it travels.
    public func append(to buffer: inout ByteBuffer) {
        buffer.append(kind.rawValue)
        unsafe payload.withUnsafeBytes { unsafe buffer.append($0) }
    }
}
