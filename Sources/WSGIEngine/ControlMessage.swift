internal import ProcessKit
internal import WSGIAdapter
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

    /// The payload of `refused`: a path and a time.
    var code: (path: String, modified: Int64)? {
        unsafe bytes.withUnsafeBytes { bytes in
            var reader = unsafe ByteReader(UnsafeRawBufferPointer(rebasing: bytes.dropFirst(4)))
            guard let path = try? reader.string(), let modified = try? reader.integer(Int64.self) else { return nil }
            return (path, modified)
        }
    }

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
