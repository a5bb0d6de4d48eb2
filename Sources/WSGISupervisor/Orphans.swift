internal import ProcessKit

/// Processes that a worker had started and that run although it has ended.
struct Orphans {
    /// The number of the worker; no other process gets it while one of `processes` is in its session.
    let leader: Int32
    /// Their handles: a number may be given to a stranger meanwhile.
    let processes: [OrphanedProcess]
    /// When they are killed.
    let killAt: Int64

    /// Whether one of them still runs.
    var isAlive: Bool { !processes.allSatisfy { $0.handle.ends(within: 0) } }
}

/// One of them.
final class OrphanedProcess {
    let handle: ProcessHandle

    init(_ id: Int32) throws(SystemError) { handle = try ProcessHandle(id: id) }
}

extension Supervisor {
    /// How long they have after SIGTERM, in milliseconds.
    static let orphansPatience: Int64 = 1_000

    /// Asks processes to end whose worker has ended; what is left of them after a moment is killed, with what they have
    /// started meanwhile.
    func endOrphans(_ processes: [Int32], of leader: Int32, killAt: Int64? = nil) {
        let found = processes.compactMap { try? OrphanedProcess($0) }
        guard !found.isEmpty else { return }
        let now = Clock.milliseconds()
        let killAt = killAt ?? now + Self.orphansPatience
        for process in found { if killAt > now { process.handle.terminate() } else { process.handle.kill() } }
        orphans.append(Orphans(leader: leader, processes: found, killAt: killAt))
    }

    /// Kills those whose time is over, and forgets those that have ended.
    func clearOrphans(at now: Int64) {
        guard !orphans.isEmpty else { return }
        let before = orphans.count
        var later: [Orphans] = []
        orphans.removeAll { group in
            guard group.isAlive else { return true }
            guard now >= group.killAt else { return false }
            // Those that were started meanwhile are looked for while the session is certainly theirs.
            let started = ProcessHandle.sessionMembers(of: group.leader).compactMap { try? OrphanedProcess($0) }
            let isTheirs = group.isAlive
            for process in group.processes { process.handle.kill() }
            guard isTheirs, !started.isEmpty else { return true }
            for process in started { process.handle.kill() }
            // A process that forks all the time may have escaped once more.
            later.append(Orphans(leader: group.leader, processes: started, killAt: now))
            return true
        }
        // What they had started has lost its parents now.
        let haveEnded = orphans.count < before
        orphans += later
        if haveEnded { endStrays(at: now) }
    }
}
