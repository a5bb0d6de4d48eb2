internal import ProcessKit
internal import WSGICore

/// Which worker is started next, over all groups.
extension Supervisor {
    /// A start that takes longer does not hold up others any more, in milliseconds.
    static let startPatience: Int64 = 10_000

    /// How urgent a start is; the smaller number goes first.
    private enum Urgency: Int {
        /// Nobody serves the group, and requests wait.
        case isWaitedFor
        /// Nobody serves the group.
        case isMissing
        /// Requests wait for changed code.
        case isAwaited
        /// Others serve the group, or the former worker does.
        case mayWait
    }

    /// Lets starts begin for which there is room: the most urgent first, then those of the groups that have the fewest under
    /// way, then those that wait longest.
    ///
    /// A group that requests wait for, or that has lost its processes, and of which nothing starts yet, has room beside the
    /// limit: starts of another group that take long, or do not end, must not keep it waiting.
    func beginStarts() {
        let now = Clock.milliseconds()
        dropPointless(at: now)
        while let next = nextStart(at: now) {
            let isFirst =
                next.underWay == 0
                && (next.urgency == .isWaitedFor || next.urgency == .isMissing && next.member.hasServed)
            guard starting(at: now) < (isFirst ? 4 * startLimit : startLimit) else { return }
            let (group, member) = (next.group, next.member)
            member.waitsSince = nil
            member.isAwaited = member.slot.wanted?.isAwaited == true
            handle(.turn, group, member)
        }
    }

    /// Workers that start at this moment.
    private func starting(at now: Int64) -> Int {
        homes.values.count { isStarting($0.worker) && now - $0.worker.started < Self.startPatience }
    }

    /// Workers of a group that start, however long that takes.
    private func starting(of group: ProcessGroup) -> Int {
        group.members.reduce(0) { $0 + $1.workers.values.count { isStarting($0) } }
    }

    private func isStarting(_ worker: WorkerProcess) -> Bool {
        !worker.isReady && !worker.isDraining && worker.killReason == nil
    }

    private func dropPointless(at now: Int64) {
        for group in groups {
            for member in group.members where group.isPointless(member, at: now) {
                handle(.pointless, group, member)
                if let event = refuse(group, member) { handle(event, group, member) }
            }
        }
    }

    private typealias Candidate = (group: ProcessGroup, member: Member, urgency: Urgency, underWay: Int, since: Int64)

    private func nextStart(at now: Int64) -> Candidate? {
        var best: Candidate?
        for group in groups {
            let underWay = starting(of: group)
            for member in group.members where member.slot.wanted != nil {
                let since = member.waitsSince ?? now
                member.waitsSince = since
                guard group.mayBegin(member, at: now) else { continue }
                let urgency = urgency(of: member, in: group)
                if let best, (best.urgency.rawValue, best.underWay, best.since) <= (urgency.rawValue, underWay, since) {
                    continue
                }
                best = (group, member, urgency, underWay, since)
            }
        }
        return best
    }

    private func urgency(of member: Member, in group: ProcessGroup) -> Urgency {
        guard group.state == .serving else {
            return scoreboard.isWaitedFor(group: group.spec.index) ? .isWaitedFor : .isMissing
        }
        return member.slot.wanted?.isAwaited == true ? .isAwaited : .mayWait
    }
}
