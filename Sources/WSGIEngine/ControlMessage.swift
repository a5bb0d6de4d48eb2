internal import ProcessKit
internal import WSGIAdapter
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

    /// Tells the supervisor of a script.
    static func send(_ event: ScriptEvent, on control: borrowing PacketSocket) {
        switch event {
        case .loaded(let script): send(.loaded, on: control) { SpecCodec.encodeScript(script, &$0) }
        case .unusable(let script): send(.unusable, on: control) { SpecCodec.encodeScript(script, &$0) }
        case .loading(let path): send(.loading, text: path, on: control)
        case .changed(let path, let modified, let isAwaited):
            send(.changed, on: control) {
                $0.append(string: path)
                $0.append(modified)
                $0.append(byte: isAwaited ? 1 : 0)
            }
        }
    }

    /// Tells the supervisor why the worker must not replace its predecessor.
    static func send(_ failure: StartFailure, on control: borrowing PacketSocket) {
        var problem = StartProblem(text: failure.text)
        problem.report = failure.report
        problem.script = failure.script
        problem.modified = failure.modified
        send(.failed, on: control) { problem.encode(into: &$0) }
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
