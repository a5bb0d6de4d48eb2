internal import ProcessKit

/// Processes that a worker started and that still run after it has ended.
struct Orphans {
    /// The processes, as they were seen.
    private(set) var processes: [ProcessFacts]
    /// When they are killed.
    let killAt: Int64
    /// How many of them have not been sent the present signal yet.
    private var waiting: Int
    /// Whether that signal is SIGKILL.
    private var isKilled: Bool
    /// Whether they may have started other processes nevertheless.
    private var forks = false
    /// When the signal is repeated to those that still run.
    private var againAt = Int64.max

    /// The ids of their sessions: the pid of the worker, or of a process that has left the worker's session.
    let sessions: Set<Int32>

    init(_ processes: [ProcessFacts], killAt: Int64, at now: Int64) {
        self.processes = processes
        isKilled = killAt <= now
        self.killAt = killAt
        waiting = processes.count
        sessions = Set(processes.map(\.session))
    }

    /// Removes those that have ended. `processes` is empty when all have.
    mutating func forgetEnded() {
        while let last = processes.last, !last.isRunning { processes.removeLast() }
        waiting = min(waiting, processes.count)
    }

    /// Whether their time is over, so that processes that they have started must be found.
    func isDue(at now: Int64) -> Bool { now >= killAt && (!isKilled || forks) }

    /// Switches to SIGKILL, and includes other processes that they have started.
    mutating func beginToKill(with others: [ProcessFacts]) {
        isKilled = true
        forks = !others.isEmpty
        processes += others
        waiting = processes.count
    }

    /// Sends the signal to at most `room` processes.
    mutating func send(at now: Int64, _ room: inout Int) {
        // The kernel may delay the end of a killed process.
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
