internal import ProcessKit
internal import WSGICore
internal import WSGIWire

/// Questions of a child to the supervisor.
enum SupervisorQuestion {
    /// Milliseconds within which the supervisor answers, unless it is stopped or overloaded.
    private static let patience: Int64 = 1_000

    /// The supervisor's facts; `nil`: there is no supervisor, or it does not answer.
    static func facts() -> ServerFacts? {
        guard let inspection = DaemonGroups.inspection else { return nil }
        let number = inspection.number
        let asked = Clock.wallMicroseconds()
        guard send(ControlPacket(.inspect), inspection) else { return nil }
        let bytes = inspection.answer(after: number, milliseconds: patience)
        let decoded = unsafe bytes.withUnsafeBytes { bytes in
            unsafe try? SpecCodec.decode(bytes, as: ServerFacts.self)
        }
        guard let decoded, decoded.time > asked - 10 * patience * 1_000 else { return nil }
        return decoded
    }

    private static func send(_ packet: ControlPacket, _ inspection: Inspection) -> Bool {
        var buffer = ByteBuffer()
        packet.append(to: &buffer)
        return unsafe inspection.ask(buffer.bytes)
    }
}
