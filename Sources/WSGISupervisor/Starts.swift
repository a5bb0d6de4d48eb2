internal import ProcessKit
internal import WSGICore

/// Selects the worker to start next, over all groups.
extension Supervisor {
    /// Time after which a start no longer counts against the limit, in milliseconds.
    static let startPatience: Int64 = 10_000

    /// The urgency of a start. Lower values start first.
    private enum Urgency: Int {
        /// No worker serves the group, and requests wait.
        case isWaitedFor
        /// No worker serves the group.
        case isMissing
        /// Requests wait for changed code.
        case isAwaited
        /// Other workers, or the former one, serve the group.
        case mayWait
    }

    /// Begins as many starts as the limit allows: the most urgent first, then those of the groups with the fewest
    /// starts in progress, then those that have waited longest.
    ///
    /// A group that requests wait for, or that has lost its processes, may exceed the limit if it has no start in
    /// progress: slow or hanging starts of another group must not delay it.
    func beginStarts() {
        let now = Clock.milliseconds()
        dropPointless(at: now)
        while let next = nextStart(at: now) {
            let isFirst =
                next.underWay == 0
                && (next.urgency == .isWaitedFor || next.urgency == .isMissing && next.slot.hasServed)
            guard starting(at: now) < (isFirst ? 4 * startLimit : startLimit) else { return }
            let (group, slot) = (next.group, next.slot)
            slot.waitsSince = nil
            slot.isAwaited = slot.machine.wanted?.isAwaited == true
            handle(.turn, group, slot)
        }
    }

    /// Number of starts that count against the limit.
    private func starting(at now: Int64) -> Int {
        homes.values.count { isStarting($0.worker) && now - $0.worker.started < Self.startPatience }
    }

    /// Number of workers of a group that are starting, regardless of how long that takes.
    private func starting(of group: ProcessGroup) -> Int {
        group.slots.reduce(0) { $0 + $1.workers.values.count { isStarting($0) } }
    }

    private func isStarting(_ worker: WorkerProcess) -> Bool {
        !worker.isReady && !worker.isDraining && worker.killReason == nil
    }

    private func dropPointless(at now: Int64) {
        for group in groups {
            for slot in group.slots where group.isPointless(slot, at: now) {
                handle(.pointless, group, slot)
                if let event = replacementFailed(group, slot) { handle(event, group, slot) }
            }
        }
    }

    private typealias Candidate = (group: ProcessGroup, slot: Slot, urgency: Urgency, underWay: Int, since: Int64)

    private func nextStart(at now: Int64) -> Candidate? {
        var best: Candidate?
        for group in groups {
            let underWay = starting(of: group)
            for slot in group.slots where slot.machine.wanted != nil {
                let since = slot.waitsSince ?? now
                slot.waitsSince = since
                guard group.mayBegin(slot, at: now) else { continue }
                let urgency = urgency(of: slot, in: group)
                if let best, (best.urgency.rawValue, best.underWay, best.since) <= (urgency.rawValue, underWay, since) {
                    continue
                }
                best = (group, slot, urgency, underWay, since)
            }
        }
        return best
    }

    private func urgency(of slot: Slot, in group: ProcessGroup) -> Urgency {
        guard group.state == .serving else {
            return scoreboard.isWaitedFor(group: group.spec.index) ? .isWaitedFor : .isMissing
        }
        return slot.machine.wanted?.isAwaited == true ? .isAwaited : .mayWait
    }
}
