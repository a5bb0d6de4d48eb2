internal import CHTTPD
internal import CSharedMemory
internal import ProcessKit
internal import WSGIConfig
internal import WSGICore

/// Finds the worker that serves a request: the least busy one with an idle thread, without a system call.
///
/// If all threads of the group are busy, the request waits in the group's queue, which is in the scoreboard; its rules
/// are in `wsgi_scoreboard.h`. The result is a claim of a thread of one worker, and must be released.
@safe struct SlotChoice {
    let scoreboard: ChildScoreboard

    /// The right to a thread of a worker.
    struct Claim {
        let slot: DaemonSlot
        let generation: UInt32
    }

    /// Claims a thread, and waits for one if necessary.
    ///
    /// - Parameters:
    ///   - limits: The limits of the wait.
    ///   - isRepeated: Whether the request had a thread before: it precedes waiting requests, and is never rejected.
    ///   - preferred: The slot to try first, for a request that waited for the new worker of this slot.
    ///   - hasWaited: Set if the request enters the queue.
    func claim(
        _ group: DaemonGroup, for r: Request, _ limits: QueueTicket.Limits, isRepeated: Bool,
        preferred: DaemonSlot? = nil, hasWaited: inout Bool
    ) throws(ClaimError) -> Claim {
        if isRepeated || !queue(group).exists,
            let claim = tryClaim(group, preferred: preferred)
        {
            return claim
        }
        if let held = unsafe HeldThread.innermost,
            let claim = unsafe try claimNested(held, group, limits, preferred: preferred)
        {
            return claim
        }
        if !isRepeated { try unsafe admit(group, r, limits) }
        guard let ticket = enter(group) else { throw .queueFull }
        var waiting = QueueTicket(choice: self, group: group, ticket: ticket)
        hasWaited = true
        return unsafe try waiting.wait(for: r, limits, preferred: preferred)
    }

    /// Claims an idle thread, or returns `nil` once no outer request of this httpd thread holds a thread.
    private func claimNested(
        _ held: UnsafeMutablePointer<HeldThread>, _ group: DaemonGroup, _ limits: QueueTicket.Limits,
        preferred: DaemonSlot?
    ) throws(ClaimError) -> Claim? {
        let deadline = Instant.now.adding(seconds: limits.hard)
        while true {
            switch unsafe HeldThread.settle(held, milliseconds: 10) {
            case .free: return nil
            case .never: throw .nested
            case .held: break
            }
            if let claim = claimIdle(group, preferred: preferred) { return claim }
            guard deadline.millisecondsLeft > 0 else { throw .timeout }
            guard !MPM.isStopping else { throw .stopping }
        }
    }

    /// Rejects the request if it could not be served in time, or if the group is overloaded.
    private func admit(_ group: DaemonGroup, _ r: Request, _ limits: QueueTicket.Limits) throws(ClaimError) {
        guard queue(group).exists else { return }
        var facts = queueFacts(group)
        let rules = queueRules(group, limits)
        var decision = QueueAdmission(facts, rules)
        if decision.isRejected {
            // The queue may be shorter without ended children.
            scoreboard.removeEndedChildren()
            facts.length = queue(group).length
            decision = QueueAdmission(facts, rules)
        }
        queue(group).judge(isSlow: decision.isSlow, isNewOverload: decision.isNewOverload)
        if decision.isOverload, unsafe chttpd_look_at_client(r) != CHTTPD_CLIENT_THERE {
            queue(group).countLeft()
            throw .clientGone
        }
        guard decision.isRejected else { return }
        guard !decision.isOverload, let wait = decision.wait else { throw .overload(decision.wait) }
        throw .late(wait)
    }

    /// The configured rules of the group's queue.
    func queueRules(_ group: DaemonGroup, _ limits: QueueTicket.Limits) -> QueueAdmission.Rules {
        QueueAdmission.Rules(
            threads: workerThreads(group), backlog: group.settings.backlog, patience: limits.inTime &* 1_000,
            httpdThreads: MPM.requestThreads, occupied: occupied(group))
    }

    /// Whether requests of the group, running or waiting, occupy nine tenths of httpd's threads.
    func leavesNoThread(_ group: DaemonGroup) -> Bool {
        let queue = queue(group)
        let most = MPM.share &- claimed(group) &- occupied(group)
        // The exact length takes longer: it inspects each place.
        return MPM.requestThreads > 0 && queue.span >= most && queue.length >= most
    }

    /// Number of request threads of the group's workers.
    private func workerThreads(_ group: DaemonGroup) -> Int {
        group.slots.reduce(0) { $0 &+ scoreboard.threads(of: $1.index) }
    }

    /// Number of those that are claimed.
    private func claimed(_ group: DaemonGroup) -> Int {
        group.slots.reduce(0) { $0 &+ scoreboard.claimed(of: $1.index) }
    }

    /// Number of httpd's threads that requests of the group occupy, besides claimed threads and the queue.
    private func occupied(_ group: DaemonGroup) -> Int {
        scoreboard.count(WSGI_AWAITS_SUCCESSOR, of: group.index) &+ scoreboard.count(WSGI_READS_FORMER, of: group.index)
    }

    /// Makes httpd close the connection after the response, with `Connection: close`, if requests of the group have
    /// nearly all threads of httpd. For a request that has waited.
    ///
    /// Otherwise clients with kept connections would be served again and again, and others not at all: httpd accepts no
    /// connection meanwhile.
    func closeAfterResponse(_ r: Request, of group: DaemonGroup) {
        // For a nested request the head has been sent already; streams of HTTP/2 have no connection of their own.
        guard leavesNoThread(group), unsafe r.pointee.main == nil, let connection = unsafe r.pointee.connection,
            unsafe connection.pointee.master == nil
        else { return }
        unsafe connection.pointee.keepalive = AP_CONN_CLOSE
    }

    /// The state of the group's queue in the scoreboard.
    func queueFacts(_ group: DaemonGroup) -> QueueAdmission.Facts {
        let found = queue(group).facts
        var facts = QueueAdmission.Facts()
        facts.length = Int(found.length)
        facts.age = Int(found.age)
        facts.served = Int(found.served)
        facts.period = Int(found.period)
        facts.left = Int(found.left)
        facts.leaving = Int(found.leaving)
        facts.slowFor = Int(found.slow_for)
        facts.isOverload = found.is_overload
        return facts
    }

    /// Enters the queue at its end. Returns `nil` if the queue is full.
    func enter(_ group: DaemonGroup) -> UInt32? {
        // Tickets of a killed child stay in the queue until they are removed.
        queue(group).enter(limit: RequestQueue.capacity)
            ?? (scoreboard.removeEndedChildren() ? queue(group).enter(limit: RequestQueue.capacity) : nil)
    }

    /// The requests that wait for a thread of a group.
    func queue(_ group: DaemonGroup) -> RequestQueue { scoreboard.queue(of: group.index) }

    /// Releases a thread. `isServed`: its worker has served a request.
    func release(_ claim: Claim, of group: DaemonGroup, isServed: Bool) {
        scoreboard.release(claim.slot.index, of: group.index, generation: claim.generation, isServed: isServed)
    }

    /// The limits of a request's wait for changed code.
    struct SuccessorLimits {
        /// The end of the wait in any case.
        let deadline: Instant
        /// The end of the wait if requests of the group occupy nearly all threads of httpd, or of this child.
        let crowd: Instant

        fileprivate init(deadline: Instant, crowd: Instant) { (self.deadline, self.crowd) = (deadline, crowd) }
    }

    /// The limits of a request that begins to wait now.
    ///
    /// Of a crowd only as many must leave as are too many, so they leave one after the other. If some have left recently,
    /// it may not wait in a crowd at all: otherwise each freed thread would be taken by the next request, which would
    /// wait as long again.
    func successorLimits(_ group: DaemonGroup, seconds: Int) -> SuccessorLimits {
        let now = Instant.now
        let inFront = min(scoreboard.count(WSGI_AWAITS_SUCCESSOR, of: group.index), 200)
        let crowd = Instant(milliseconds: now.adding(seconds: min(seconds, 5)).milliseconds &+ Int64(inFront) &* 20)
        return SuccessorLimits(
            deadline: now.adding(seconds: seconds), crowd: scoreboard.isCrowded(group.index) ? now : crowd)
    }

    /// Whether a request that waits for a successor must not wait any longer, because it has waited long enough and
    /// requests of the group occupy too many threads of httpd.
    private func mustLeave(_ group: DaemonGroup, isSpent: Bool, _ limits: SuccessorLimits) -> Bool {
        guard limits.crowd.millisecondsLeft <= 0,
            isSpent ? isFilledBySpent(group) : isCrowded(group)
        else { return false }
        scoreboard.setCrowded(group.index)
        return true
    }

    /// Whether requests of the group occupy nearly all threads of httpd or of this child.
    private func isCrowded(_ group: DaemonGroup) -> Bool {
        leavesNoThread(group)
            || MPM.threadsPerChild > 1
                && scoreboard.ownCount(WSGI_AWAITS_SUCCESSOR, of: group.index) > MPM.threadsPerChild &* 9 / 10
    }

    /// Whether those that wait for a successor do so alone. A spent worker returns no more requests than it has threads,
    /// unless it returns each one; and without its successor nothing can serve them.
    private func isFilledBySpent(_ group: DaemonGroup) -> Bool {
        MPM.requestThreads > 0
            && scoreboard.count(WSGI_AWAITS_SUCCESSOR, of: group.index) >= MPM.share &- claimed(group)
    }

    /// The result of waiting for changed code.
    enum Successor {
        /// The only slot has a new worker.
        case ready
        /// A thread of a worker that has not rejected the request.
        case claimed(Claim)
        /// There is no such worker, or not in time.
        case none
    }

    /// Waits for a worker that has not rejected the request, or until the replacement of the last one has failed.
    ///
    /// - Parameters:
    ///   - handover: The workers that have rejected the request.
    ///   - failed: Number of failed replacements of that worker when the request was handed to it.
    ///   - limits: The limits of the wait.
    func awaitSuccessor(
        _ handover: borrowing Handover, of group: DaemonGroup, _ failed: UInt32, _ limits: SuccessorLimits
    ) -> Successor {
        scoreboard.begin(WSGI_AWAITS_SUCCESSOR, of: group.index)
        defer { scoreboard.end(WSGI_AWAITS_SUCCESSOR, of: group.index) }
        let last = group.slots[handover.lastSlot]
        while true {
            let seen = scoreboard.signal(of: group.index)
            var isOneLeft = false
            for (index, candidate) in group.slots.enumerated() {
                let generation = scoreboard.generation(of: candidate.index)
                if generation == 0 || handover.hasRejected(generation, at: index) { continue }
                if group.slots.count == 1 { return .ready }
                isOneLeft = true
                let claimed = scoreboard.claim(candidate.index)
                if claimed != 0 { return .claimed(Claim(slot: candidate, generation: claimed)) }
            }
            // A worker with old code can still respond. If the script does not work in it, only another worker can.
            let isWaiting = isOneLeft && handover.needsOther
            if !isWaiting, scoreboard.failedReplacements(of: last.index) != failed { return .none }
            let state = scoreboard.state(of: group.index)
            let left = limits.deadline.millisecondsLeft
            if mustLeave(group, isSpent: handover.isSpent, limits) { return .none }
            guard left > 0, !MPM.isStopping, state != .failed, state != .stopped else {
                return .none
            }
            // A thread that becomes free in a new worker wakes only those that wait for a thread.
            let untilCrowd = limits.crowd.millisecondsLeft
            let pause = min(left, isOneLeft ? 10 : 500, untilCrowd > 0 ? untilCrowd : 500)
            scoreboard.awaitSignal(of: group.index, after: seen, milliseconds: UInt32(max(pause, 1)))
        }
    }

    /// Number of failed attempts to claim a thread that looks idle: other requests were faster, or the scoreboard is
    /// damaged.
    private static let mostAttempts = 1_000

    /// Whether another claim would leave other groups no thread of httpd, because responses of replaced workers occupy so
    /// many: a site can replace its workers, and keep their requests, as often as it likes.
    func isHeldByFormer(_ group: DaemonGroup) -> Bool {
        let former = scoreboard.count(WSGI_READS_FORMER, of: group.index)
        guard former > 0, MPM.requestThreads > 0 else { return false }
        return former &+ claimed(group) >= MPM.share
    }

    /// Claims a thread if one is idle, regardless of waiting requests.
    func tryClaim(_ group: DaemonGroup, preferred: DaemonSlot?) -> Claim? {
        if isHeldByFormer(group) { return nil }
        return claimIdle(group, preferred: preferred)
    }

    /// The same for a request that occupies no further thread of httpd.
    private func claimIdle(_ group: DaemonGroup, preferred: DaemonSlot?) -> Claim? {
        if let preferred {
            let generation = scoreboard.claim(preferred.index)
            if generation != 0 { return Claim(slot: preferred, generation: generation) }
        }
        for _ in 0..<Self.mostAttempts {
            guard let best = leastBusy(group) else { return nil }
            let generation = scoreboard.claim(best.index)
            if generation != 0 { return Claim(slot: best, generation: generation) }
            // Another request was faster, so that slot is busier now: try the next best one.
        }
        return nil
    }

    /// The worker with an idle thread that has the fewest requests.
    func leastBusy(_ group: DaemonGroup) -> DaemonSlot? {
        var best: DaemonSlot?
        var least = UInt32.max
        for slot in group.slots {
            let load = scoreboard.load(of: slot.index)
            if load < least {
                least = load
                best = slot
            }
            if load == 0 { break }
        }
        return best
    }
}
