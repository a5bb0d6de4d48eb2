internal import ProcessKit

/// Processes that a worker had started and that run although it has ended.
struct Orphans {
    /// As they were seen.
    private(set) var processes: [ProcessFacts]
    /// When they are killed.
    let killAt: Int64
    /// How many of them have not got the signal yet that they are to get.
    private var waiting: Int
    /// Whether that is SIGKILL.
    private var isKilled: Bool
    /// Whether they may have started others in spite of it.
    private var forks = false
    /// When those that have got it and still run get it once more.
    private var againAt = Int64.max

    /// The leaders of their sessions: the number of the worker, or of what has left its session.
    let sessions: Set<Int32>

    init(_ processes: [ProcessFacts], killAt: Int64, at now: Int64) {
        self.processes = processes
        isKilled = killAt <= now
        self.killAt = killAt
        waiting = processes.count
        sessions = Set(processes.map(\.session))
    }

    /// Forgets those that have ended; none remains when all have.
    mutating func forgetEnded() {
        while let last = processes.last, !last.isRunning { processes.removeLast() }
        waiting = min(waiting, processes.count)
    }

    /// Whether their time is over, and what they have started is to be looked for.
    func isDue(at now: Int64) -> Bool { now >= killAt && (!isKilled || forks) }

    /// From now on they are killed, with others that they have started.
    mutating func beginToKill(with others: [ProcessFacts]) {
        isKilled = true
        forks = !others.isEmpty
        processes += others
        waiting = processes.count
    }

    /// Sends the signal to as many as `room` has.
    mutating func send(at now: Int64, _ room: inout Int) {
        // The kernel may hold one that was killed.
        if isKilled, againAt <= now { waiting = processes.count }
        while waiting > 0, room > 0 {
            waiting -= 1
            room -= 1
            if isKilled { processes[waiting].kill() } else { processes[waiting].terminate() }
            if waiting == 0 { againAt = now + 1_000 }
        }
    }
}

extension Supervisor {
    /// How long they have after SIGTERM, in milliseconds.
    static let orphansPatience: Int64 = 1_000
    /// How often they are looked at, in milliseconds.
    static let orphansInterval: Int64 = 50
    /// The most signals that are sent each time: other work goes on.
    private static let mostSignals = 256

    /// Asks processes to end whose worker has ended; what is left of them after a moment is killed, with what they have
    /// started meanwhile.
    func endOrphans(_ processes: [ProcessFacts], killAt: Int64? = nil) {
        guard !processes.isEmpty else { return }
        let now = Clock.milliseconds()
        orphans.append(Orphans(processes, killAt: killAt ?? now + Self.orphansPatience, at: now))
    }

    /// Kills those whose time is over, forgets those that have ended, and looks for those that have left their sessions.
    func clearOrphans(at now: Int64) {
        guard isEndingOrphans, now >= strays.lookAt else { return }
        strays.lookAt = now + Self.orphansInterval
        let before = orphans.count
        for index in orphans.indices { orphans[index].forgetEnded() }
        orphans.removeAll(where: \.processes.isEmpty)
        // What they had started has lost its parents now.
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

    /// Whether there are such processes, or may be.
    var isEndingOrphans: Bool { strays.isDue || !orphans.isEmpty }

    /// Those that were started meanwhile are killed, too, as far as their session is certainly theirs.
    private func beginToKill(_ seen: [ProcessFacts], at now: Int64) {
        for index in orphans.indices where orphans[index].isDue(at: now) {
            let group = orphans[index]
            let known = Set(group.processes.map(\.id))
            let others = seen.filter { group.sessions.contains($0.session) && !$0.hasEnded && !known.contains($0.id) }
            // No other process has got the number of a session in which one of them still is.
            let sessions =
                others.isEmpty ? [] : Set(group.processes.lazy.filter(\.isRunning).map(\.session))
            orphans[index].beginToKill(with: others.filter { sessions.contains($0.session) })
        }
    }
}
