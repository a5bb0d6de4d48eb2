internal import ProcessKit

extension Supervisor {
    /// Time between SIGTERM and SIGKILL, in milliseconds.
    static let orphansPatience: Int64 = 1_000
    /// Interval between checks of orphans, in milliseconds.
    static let orphansInterval: Int64 = 50
    /// Maximum number of signals per check, so that other work continues.
    private static let mostSignals = 256

    /// Sends SIGTERM to processes whose worker has ended. After `orphansPatience` the rest are killed, with the
    /// processes that they have started in the meantime.
    func endOrphans(_ processes: [ProcessFacts], killAt: Int64? = nil) {
        guard !processes.isEmpty else { return }
        let now = Clock.milliseconds()
        orphans.append(Orphans(processes, killAt: killAt ?? now + Self.orphansPatience, at: now))
    }

    /// Kills orphans whose time is over, removes those that have ended, and finds those that have left their sessions.
    func clearOrphans(at now: Int64) {
        guard isEndingOrphans, now >= strays.lookAt else { return }
        strays.lookAt = now + Self.orphansInterval
        let before = orphans.count
        for index in orphans.indices { orphans[index].forgetEnded() }
        orphans.removeAll(where: \.processes.isEmpty)
        // The processes that they had started have lost their parents now.
        if orphans.count < before { strays.isDue = true }
        let isLate = orphans.contains { $0.isDue(at: now) }
        if isLate || strays.isDue {
            let seen = ProcessFacts.all()
            if isLate { beginToKill(seen, at: now) }
            if strays.isDue { endStrays(seen, at: now) }
        }
        var room = Self.mostSignals
        for index in orphans.indices { orphans[index].send(at: now, &room) }
    }

    /// Whether there are, or may be, orphans.
    var isEndingOrphans: Bool { strays.isDue || !orphans.isEmpty }

    /// Kills orphans, and the processes that they have started since, if their session certainly belongs to the
    /// orphans.
    private func beginToKill(_ seen: [ProcessFacts], at now: Int64) {
        for index in orphans.indices where orphans[index].isDue(at: now) {
            let group = orphans[index]
            let known = Set(group.processes.map(\.id))
            let others = seen.filter { group.sessions.contains($0.session) && !$0.hasEnded && !known.contains($0.id) }
            // The id of a session is not reused while one of them is still in it.
            let sessions =
                others.isEmpty ? [] : Set(group.processes.lazy.filter(\.isRunning).map(\.session))
            orphans[index].beginToKill(with: others.filter { sessions.contains($0.session) })
        }
    }
}
