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
        let decoded = decoded(inspection.answer(after: number, milliseconds: patience))
        guard let decoded, decoded.time > asked - 10 * patience * 1_000 else { return nil }
        return decoded
    }

    /// Milliseconds within which a process reports a stack.
    private static let stackPatience: Int64 = 3_000

    /// The Python stack of a running request. Empty: it does not run in a daemon process; `nil`: its process does not
    /// answer.
    static func stack(of id: String) -> String? {
        guard let inspection = DaemonGroups.inspection, let facts = facts(), let place = place(of: id, facts) else {
            return ""
        }
        let asked = Clock.wallMicroseconds()
        guard send(.inspectStack(place), inspection) else { return nil }
        let end = Clock.milliseconds() + stackPatience
        while Clock.milliseconds() < end {
            let number = inspection.number
            let found = decoded(inspection.answer(after: number, milliseconds: 50))?.stacks.first { $0.id == id }
            if let found, found.time >= asked { return found.text }
        }
        return nil
    }

    private static func place(of id: String, _ facts: ServerFacts) -> ControlPacket.RequestPlace? {
        for slot in facts.groups.flatMap(\.slots) {
            for process in slot.processes {
                guard let thread = process.running.first(where: { $0.id == id }) else { continue }
                return ControlPacket.RequestPlace(
                    slot: slot.index, generation: process.generation, thread: UInt32(clamping: thread.thread), id: id)
            }
        }
        return nil
    }

    private static func decoded(_ bytes: [UInt8]) -> ServerFacts? {
        unsafe bytes.withUnsafeBytes { bytes in unsafe try? SpecCodec.decode(bytes, as: ServerFacts.self) }
    }

    private static func send(_ packet: ControlPacket, _ inspection: Inspection) -> Bool {
        var buffer = ByteBuffer()
        packet.append(to: &buffer)
        return unsafe inspection.ask(buffer.bytes)
    }
}
