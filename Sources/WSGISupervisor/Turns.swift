internal import ProcessKit
internal import WSGICore
internal import WSGIWire

/// Which slot of a group is replaced next, and with which code.
extension ProcessGroup {
    /// Whether its processes serve no requests: their scripts are their work, and two of a kind would do it twice.
    var isService: Bool { spec.process.worker?.threads == 0 }

    /// The slot whose worker is to be replaced now; `nil`: none waits, or the start of another one is in flight.
    func next(at now: Int64) -> Member? {
        guard !members.contains(where: { $0.slot.isReplacing(at: now) }) else { return nil }
        return members.first { $0.slot.wanted?.isAwaited == true } ?? members.first { $0.slot.wanted != nil }
    }

    /// Closes the connections that nobody will accept for a while: their requests go to another slot, or are answered at once.
    func turnAway(_ member: Member) {
        if let listener = configuration.descriptor(member.listenerDescriptor) { StreamSocket.turnAway(listener) }
    }

    /// The time of a script of the group as its workers name it.
    func modified(_ path: String) -> Int64 { CurrentProcess.modified(spec.root + path) }

    /// Whether an attempt that a changed script asks for would fail as the last one did.
    func isPointless(at now: Int64) -> Bool {
        failedCode.isStanding(at: now, modified: modified)
    }

    /// Notes with which code a worker starts, or tries to.
    func beginAttempt(_ member: Member) {
        member.tried = member.asked
        member.problem = nil
        member.code = [:]
        for script in spec.process.preloads + learned { member.code[script.path] = modified(script.path) }
    }

    /// Whether a script that the last start was to run has changed since.
    func hasChanged(_ member: Member) -> Bool {
        member.code.contains { modified($0.key) != $0.value }
    }

    /// Notes why a successor has failed. Returns how often it has with the same code.
    func noteFailure(_ problem: StartProblem, of member: Member) -> Int {
        guard !problem.script.isEmpty else { return 1 }
        let modified = problem.modified > 0 ? problem.modified : modified(problem.script)
        let count = failedCode.note(problem.script, modified: modified)
        member.problem = Member.Problem(
            path: problem.script, modified: modified, reason: problem.report.last ?? problem.text, count: count)
        return count
    }

    /// Why and how often a replacement could not be started, as part of a sentence.
    func explanation(of member: Member, count: Int) -> String {
        guard let problem = member.problem else { return count == 1 ? "" : " (\(count) times in a row)" }
        let times = problem.count == 1 ? "" : "; attempt \(problem.count) with this code, traceback at the first"
        return " (\(problem.path): \(problem.reason)\(times))"
    }

    /// Notes that a successor has ended without a word; the changed scripts that it was to run are suspected.
    func noteDeath(of member: Member, at now: Int64) {
        for (path, modified) in member.tried { failedCode.suspect(path, modified: modified, at: now) }
    }

    /// Whether another attempt is due after a failed one, because further changes have been asked for meanwhile.
    func isRetryDue(_ member: Member) -> Bool {
        member.asked = member.asked.filter { path, modified in
            member.tried[path] != modified && !failedCode.blames(path, modified: modified)
        }
        return !member.asked.isEmpty
    }

    /// Notes that a worker of the slot has taken over.
    func noteSuccess(_ member: Member) {
        member.asked = [:]
        member.tried = [:]
        failedCode.clear()
    }
}

extension ProcessGroup.Member {
    /// Why the last successor has failed.
    struct Problem {
        let path: String
        let modified: Int64
        /// The last line of the traceback.
        let reason: String
        /// Attempts that have failed with this code.
        let count: Int
    }
}
