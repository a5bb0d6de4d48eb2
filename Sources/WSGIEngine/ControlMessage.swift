internal import ProcessKit
internal import WSGIAdapter
internal import WSGICore
internal import WSGIWire

/// Packets from the worker to the supervisor; any thread. A packet that the supervisor does not accept is lost.
enum ControlMessage {
    /// The time that an ending worker waits for the supervisor to accept its reason, in milliseconds.
    private static let patience: Int32 = 5_000

    /// Sends a packet.
    static func send(_ kind: ControlKind, text: String? = nil, on reports: borrowing PacketPipe) {
        send(kind, on: reports) { buffer in
            if let text { buffer.append(string: text) }
        }
    }

    /// Reports that the worker is ready. Without this packet the worker would never serve.
    static func sendReady(on reports: borrowing PacketPipe) throws(SystemError) {
        var buffer = ByteBuffer()
        buffer.append(ControlKind.ready.rawValue)
        try unsafe reports.send(buffer.bytes, waiting: -1)
    }

    /// Requests a successor from the supervisor.
    static func send(retire reason: ShutdownReason, _ text: String, on reports: borrowing PacketPipe) {
        send(.retire, on: reports) { buffer in
            buffer.append(byte: reason.rawValue)
            buffer.append(string: String(decoding: text.utf8.prefix(2_000), as: UTF8.self))
        }
    }

    /// Reports a script to the supervisor.
    static func send(_ event: ScriptEvent, on reports: borrowing PacketPipe) {
        switch event {
        case .loaded(let script): send(.loaded, on: reports) { script.write(to: &$0) }
        case .unusable(let script): send(.unusable, on: reports) { script.write(to: &$0) }
        case .loading(let path): send(.loading, text: path, on: reports)
        case .changed(let path, let modified, let isAwaited):
            send(.changed, on: reports) {
                $0.append(string: path)
                $0.append(modified)
                $0.append(byte: isAwaited ? 1 : 0)
            }
        }
    }

    /// Reports the reason why the worker must not replace its predecessor.
    static func send(_ failure: StartFailure, on reports: borrowing PacketPipe) {
        for packet in failure.packets(of: PacketPipe.maximumPacket) {
            var buffer = ByteBuffer()
            packet.append(to: &buffer)
            unsafe try? reports.send(buffer.bytes, waiting: patience)
        }
    }

    /// Reports the stack of a request. Its outer part, which comes first, is omitted if it is too long for a packet.
    static func send(stack text: String, of id: String, on reports: borrowing PacketPipe) {
        send(.stack, on: reports) { buffer in
            buffer.append(string: String(decoding: id.utf8.prefix(64), as: UTF8.self))
            buffer.append(string: String(decoding: text.utf8.suffix(PacketPipe.maximumPacket - 100), as: UTF8.self))
        }
    }

    private static func send(
        _ kind: ControlKind, on reports: borrowing PacketPipe, _ encode: (inout ByteBuffer) -> Void
    ) {
        var buffer = ByteBuffer()
        buffer.append(kind.rawValue)
        encode(&buffer)
        unsafe try? reports.send(buffer.bytes)
    }
}
