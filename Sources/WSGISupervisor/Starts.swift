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

    /// Lets starts begin for which there is room, the most urgent first, then those that wait longest.
    func beginStarts() {
        let now = Clock.milliseconds()
        dropPointless(at: now)
        while let (group, member) = nextStart(at: now), starting(at: now) < startLimit {
            member.waitsSince = nil
            member.isAwaited = member.slot.wanted?.isAwaited == true
            handle(.turn, group, member)
        }
    }

    /// Workers that start at this moment.
    private func starting(at now: Int64) -> Int {
        homes.values.count { home in
            !home.worker.isReady && !home.worker.isDraining && home.worker.killReason == nil
                && now - home.worker.started < Self.startPatience
        }
    }

    private func dropPointless(at now: Int64) {
        for group in groups {
            for member in group.members where group.isPointless(member, at: now) {
                handle(.pointless, group, member)
                if let event = refuse(group, member) { handle(event, group, member) }
            }
        }
    }

    private func nextStart(at now: Int64) -> (ProcessGroup, Member)? {
        var best: (group: ProcessGroup, member: Member, rank: (Int, Int64))?
        for group in groups {
            for member in group.members where member.slot.wanted != nil {
                let since = member.waitsSince ?? now
                member.waitsSince = since
                guard group.mayBegin(member, at: now) else { continue }
                let rank = (urgency(of: member, in: group).rawValue, since)
                if let best, best.rank <= rank { continue }
                best = (group, member, rank)
            }
        }
        return best.map { ($0.group, $0.member) }
    }

    private func urgency(of member: Member, in group: ProcessGroup) -> Urgency {
        guard group.state == .serving else {
            return scoreboard.isWaitedFor(group: group.spec.index) ? .isWaitedFor : .isMissing
        }
        return member.slot.wanted?.isAwaited == true ? .isAwaited : .mayWait
    }
}
