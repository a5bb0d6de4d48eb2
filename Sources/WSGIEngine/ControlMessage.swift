internal import ProcessKit
internal import WSGICore
internal import WSGIWire

/// Packets on the control socket, as the worker sends them. When the supervisor does not take one, it is lost.
enum ControlMessage {
    /// Sends a packet; any thread.
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
