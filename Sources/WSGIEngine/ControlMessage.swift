internal import ProcessKit
internal import WSGICore
internal import WSGIWire

/// Packets on the control socket, as the worker's side reads and writes them.
struct ControlMessage {
    /// What the packet says.
    let kind: ControlKind
    /// The packet's bytes, kind included.
    private let bytes: [UInt8]

    /// The message in these bytes; `nil`: of an unknown kind.
    init?(_ bytes: [UInt8]) {
        guard let raw = Self.number(bytes, 0), let kind = ControlKind(rawValue: raw) else { return nil }
        self.kind = kind
        self.bytes = bytes
    }

    /// The payload's number at this index; 0: it has none.
    func number(_ index: Int) -> Int { Int(Self.number(bytes, 1 + index) ?? 0) }

    private static func number(_ bytes: [UInt8], _ index: Int) -> UInt32? {
        guard bytes.count >= 4 * index + 4 else { return nil }
        return unsafe bytes.withUnsafeBytes { unsafe $0.loadUnaligned(fromByteOffset: 4 * index, as: UInt32.self) }
    }

    /// Sends a packet; any thread. When the supervisor does not take it, it is lost.
    static func send(_ kind: ControlKind, text: String? = nil, on control: borrowing PacketSocket) {
        send(kind, on: control) { buffer in
            if let text { buffer.append(string: String(text.prefix(2_000))) }
        }
    }

    /// Says that the worker is ready; one of which the supervisor does not know it would never serve.
    static func sendReady(on control: borrowing PacketSocket) throws(SystemError) {
        var buffer = ByteBuffer()
        buffer.append(ControlKind.ready.rawValue)
        try unsafe control.send(buffer.bytes, wait: true)
    }

    /// Asks the supervisor for a successor.
    static func send(retire reason: ShutdownReason, _ text: String, on control: borrowing PacketSocket) {
        send(.retire, on: control) { buffer in
            buffer.append(byte: reason.rawValue)
            buffer.append(string: String(text.prefix(2_000)))
        }
    }

    /// Tells the supervisor of a loaded script.
    static func send(loaded script: ScriptSpec, on control: borrowing PacketSocket) {
        send(.loaded, on: control) { SpecCodec.encodeScript(script, &$0) }
    }

    private static func send(
        _ kind: ControlKind, on control: borrowing PacketSocket, _ encode: (inout ByteBuffer) -> Void
    ) {
        var buffer = ByteBuffer()
        buffer.append(kind.rawValue)
        encode(&buffer)
        unsafe try? control.send(buffer.bytes, wait: false)
    }
}
