public import WSGICore

/// A packet of the control sockets: its kind and its payload.
public struct ControlPacket: Equatable, Sendable {
    /// The kind.
    public let kind: ControlKind
    /// The payload.
    public let payload: [UInt8]

    /// A packet to send.
    public init(_ kind: ControlKind, payload: [UInt8] = []) {
        self.kind = kind
        self.payload = payload
    }

    /// Decodes a packet; `nil`: its kind is unknown.
    public init?(_ bytes: [UInt8]) {
        guard bytes.count >= 4 else { return nil }
        let raw = unsafe bytes.withUnsafeBytes { unsafe $0.loadUnaligned(as: UInt32.self) }
        guard let kind = ControlKind(rawValue: raw) else { return nil }
        self.kind = kind
        payload = Array(bytes.dropFirst(4))
    }

    /// Has a worker end, within seconds for running requests and for everything.
    public static func drain(requests: Int, total: Int, because reason: ShutdownReason) -> ControlPacket {
        var buffer = ByteBuffer()
        buffer.append(UInt32(clamping: requests))
        buffer.append(UInt32(clamping: total))
        buffer.append(UInt32(reason.rawValue))
        return ControlPacket(.drain, payload: unsafe Array(buffer.bytes))
    }

    /// Informs a worker that no successor can be started with this code.
    public static func codeFailed(_ path: String, modified: Int64) -> ControlPacket {
        var buffer = ByteBuffer()
        buffer.append(string: path)
        buffer.append(modified)
        return ControlPacket(.codeFailed, payload: unsafe Array(buffer.bytes))
    }

    /// Informs a worker that another worker of its group serves a script.
    public static func proven(_ script: ScriptSpec) -> ControlPacket {
        var buffer = ByteBuffer()
        script.write(to: &buffer)
        return ControlPacket(.proven, payload: unsafe Array(buffer.bytes))
    }

    /// The thread of a worker that runs a request.
    public struct RequestPlace: Equatable, Sendable {
        /// The slot of the worker.
        public let slot: UInt32
        /// The generation of the worker.
        public let generation: UInt32
        /// The thread, counted from 0.
        public let thread: UInt32
        /// The id of the request.
        public let id: String

        /// A place.
        public init(slot: UInt32, generation: UInt32, thread: UInt32, id: String) {
            (self.slot, self.generation, self.thread, self.id) = (slot, generation, thread, id)
        }
    }

    /// Asks the supervisor for a stack.
    public static func inspectStack(_ place: RequestPlace) -> ControlPacket {
        var buffer = ByteBuffer()
        for number in [place.slot, place.generation, place.thread] { buffer.append(number) }
        buffer.append(string: place.id)
        return ControlPacket(.inspectStack, payload: unsafe Array(buffer.bytes))
    }

    /// Asks a worker for a stack.
    public static func stackWanted(thread: UInt32, id: String) -> ControlPacket {
        var buffer = ByteBuffer()
        buffer.append(thread)
        buffer.append(string: id)
        return ControlPacket(.stackWanted, payload: unsafe Array(buffer.bytes))
    }

    /// The payload of `inspectStack`.
    public var requestPlace: RequestPlace? {
        read { reader in
            guard let slot = try? reader.integer(UInt32.self), let generation = try? reader.integer(UInt32.self),
                let thread = try? reader.integer(UInt32.self), let id = try? reader.string()
            else { return nil }
            return RequestPlace(slot: slot, generation: generation, thread: thread, id: id)
        }
    }

    /// The payload of `stackWanted`.
    public var wantedStack: (thread: UInt32, id: String)? {
        read { reader in
            guard let thread = try? reader.integer(UInt32.self), let id = try? reader.string() else { return nil }
            return (thread, id)
        }
    }

    /// The payload of `stack`.
    public var stack: (id: String, text: String)? {
        read { reader in
            guard let id = try? reader.string(), let text = try? reader.string() else { return nil }
            return (id, text)
        }
    }

    /// Returns the result of `body` for the payload.
    public func read<Result>(_ body: (inout ByteReader) -> Result) -> Result {
        unsafe payload.withUnsafeBytes { bytes in
            var reader = unsafe ByteReader(bytes)
            return body(&reader)
        }
    }

    /// The payload as a string; empty if it is not one.
    public var text: String { read { (try? $0.string()) ?? "" } }

    /// The payload of `loaded`, `unusable` and `proven`.
    public var script: ScriptSpec? { read { try? ScriptSpec.read(from: &$0) } }

    /// The payload of `retire`; `nil`: the reason is unknown.
    public var retirement: (ShutdownReason, String)? {
        read { reader in
            guard let code = try? reader.integer(UInt8.self), let reason = ShutdownReason(rawValue: code) else {
                return nil
            }
            return (reason, (try? reader.string()) ?? "")
        }
    }

    /// The payload of `codeFailed`: a path and a time.
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

    /// The reason in the payload of `drain`.
    public var drainReason: ShutdownReason { ShutdownReason(rawValue: UInt8(clamping: number(2))) ?? .shutdownSignal }

    /// The number in the payload at this index, counted from 0; 0: there is none.
    public func number(_ index: Int) -> Int {
        guard index >= 0, index < payload.count / 4 else { return 0 }
        return unsafe payload.withUnsafeBytes { bytes in
            unsafe Int(bytes.loadUnaligned(fromByteOffset: 4 * index, as: UInt32.self))
        }
    }

    /// Appends the encoded packet.
    public func append(to buffer: inout ByteBuffer) {
        buffer.append(kind.rawValue)
        unsafe payload.withUnsafeBytes { unsafe buffer.append($0) }
    }
}
