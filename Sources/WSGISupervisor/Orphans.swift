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
