internal import ProcessKit

/// Processes that a worker had started and that run although it has ended.
struct Remains {
    /// Their handles: a number may be given to a stranger meanwhile.
    let processes: [RemainingProcess]
    /// When they are killed.
    let killAt: Int64
}

/// One of them.
final class RemainingProcess {
    let handle: ProcessHandle

    init(_ id: Int32) throws(SystemError) { handle = try ProcessHandle(id: id) }
}

extension Supervisor {
    /// How long they have after SIGTERM, in milliseconds.
    private static let remainsPatience: Int64 = 1_000

    /// Asks processes to end whose worker has ended; what is left of them after a moment is killed.
    func endAll(_ processes: [Int32]) {
        let found = processes.compactMap { try? RemainingProcess($0) }
        guard !found.isEmpty else { return }
        for process in found { process.handle.terminate() }
        remains.append(Remains(processes: found, killAt: Clock.milliseconds() + Self.remainsPatience))
    }

    /// Kills those whose time is over, and forgets those that have ended.
    func clearRemains(at now: Int64) {
        guard !remains.isEmpty else { return }
        remains.removeAll { remains in
            guard now >= remains.killAt else { return remains.processes.allSatisfy { $0.handle.ends(within: 0) } }
            for process in remains.processes { process.handle.kill() }
            return true
        }
    }
}
