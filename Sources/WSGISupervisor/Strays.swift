internal import ProcessKit
internal import WSGICore

/// Processes that workers have started and that have left their workers' sessions.
///
/// The supervisor becomes the parent of each process whose own parents end, so that none of them escapes. Nothing tells
/// which worker such a process comes from, but for its user and the time of its start: it ends with the last worker of its
/// user that was there before it.
extension Supervisor {
    /// What is remembered of them.
    struct Strays {
        /// The users that workers have had.
        var users: Set<UInt32> = []
        /// When ended ones are looked for again.
        var reapAt: Int64 = 0
        /// When those that are still found are killed at once, because they have made others instead of ending; `nil`: there are none.
        var killAt: Int64?
    }

    /// A worker as their possible origin.
    private struct Origin {
        let id: Int32
        let user: UInt32
        let started: UInt64
    }

    /// How often ended ones are looked for, in milliseconds.
    private static let reapInterval: Int64 = 1_000

    /// Ends the processes that no worker can have started that still runs.
    func endStrays(at now: Int64) {
        // What a worker has started is never in the supervisor's own session; a helper of `FileView` is.
        let own = ProcessFacts(CurrentProcess.id)?.session
        let strays = ProcessHandle.children().filter { !isWorker($0) }.compactMap { ProcessFacts($0) }
            .filter { $0.session != own }
        guard !strays.isEmpty else {
            self.strays.killAt = nil
            return
        }
        let origins = homes.values.map { home in
            let worker = home.worker.process.id
            return Origin(
                id: worker, user: Self.user(of: home), started: ProcessFacts(worker)?.started ?? 0)
        }
        var sessions: Set<Int32> = Set(orphans.map(\.leader))
        var isClear = true
        for stray in strays where !stray.hasEnded && isAbandoned(stray, by: origins) {
            isClear = false
            guard sessions.insert(stray.session).inserted else { continue }
            let others = ProcessHandle.sessionMembers(of: stray.session).filter { $0 != stray.id }
            let killAt = self.strays.killAt ?? now + Self.orphansPatience
            self.strays.killAt = killAt
            endOrphans([stray.id] + others, of: stray.session, killAt: killAt)
        }
        if isClear { self.strays.killAt = nil }
    }

    /// Takes notice of the ends of those that have ended.
    func reapStrays(at now: Int64) {
        guard now >= strays.reapAt else { return }
        strays.reapAt = now + Self.reapInterval
        for child in ProcessHandle.children() where !isWorker(child) { ProcessHandle.reapStray(child) }
    }

    private func isWorker(_ id: Int32) -> Bool { homes.values.contains { $0.worker.process.id == id } }

    private func isAbandoned(_ stray: ProcessFacts, by origins: [Origin]) -> Bool {
        guard !origins.contains(where: { $0.id == stray.session }) else { return false }
        let earlier = origins.filter { $0.started <= stray.started }
        // A program with a set-user-ID bit may have given it another user.
        guard strays.users.contains(stray.user) else { return earlier.isEmpty }
        return !earlier.contains { $0.user == stray.user }
    }

    /// Whom a worker runs as.
    static func user(of home: Home) -> UInt32 {
        let spec = home.worker.attempt.spec
        return spec.changesUser ? spec.userID : CurrentProcess.user
    }
}
