internal import CHTTPD
internal import CSharedMemory
internal import ProcessKit
internal import WSGIConfig
internal import WSGICore

/// The place of one request in the queue of its process group.
@safe struct QueueTicket {
    private let choice: SlotChoice
    private let group: DaemonGroup
    private var ticket: UInt32
    /// The request that was first in the queue when this one last polled and found an idle thread.
    private var idler: UInt32?
    /// Whether the client closed its half of the connection after sending the request, and waits for the response.
    private var isHalfClosed = false
    /// Whether the client has been checked.
    private var hasLooked = false

    /// The limits of a request's wait, in seconds.
    struct Limits {
        /// The longest wait for a thread.
        let hard: Int
        /// The longest wait with `listen-backlog` or more requests before it.
        let soft: Int
        /// The longest predicted wait.
        let inTime: Int
    }

    /// Milliseconds until the first poll. It is early for the requests behind those of a child that has just been
    /// killed.
    private static let firstPause: Int64 = 100
    /// Milliseconds between later polls, which notice a disconnected client, a stopping httpd and a missing supervisor.
    private static let pause: Int64 = 500

    private let started = Instant.now
    private var queue: RequestQueue { choice.queue(group) }

    init(choice: SlotChoice, group: DaemonGroup, ticket: UInt32) {
        self.choice = choice
        self.group = group
        self.ticket = ticket
    }

    /// Waits for the request's turn and an idle thread, and claims the thread. The request leaves the queue in any
    /// case.
    mutating func wait(
        for r: Request, _ limits: Limits, preferred: DaemonSlot?
    ) throws(ClaimError) -> SlotChoice.Claim {
        let claim: SlotChoice.Claim
        do {
            claim = try unsafe claimInTurn(r, limits, preferred)
        } catch {
            if case .clientGone = error { queue.countLeft() }
            _ = queue.leave(ticket)
            queue.call()
            throw error
        }
        if queue.leave(ticket) { queue.call() } else if choice.leastBusy(group) != nil { queue.callFirst() }
        // After a short wait the check is not worth a system call.
        if unsafe started.millisecondsLeft < -Self.firstPause && clientHasGone(r) {
            queue.countLeft()
            choice.release(claim, of: group, isServed: false)
            throw .clientGone
        }
        unsafe choice.closeAfterResponse(r, of: group)
        return claim
    }

    private mutating func claimInTurn(
        _ r: Request, _ limits: Limits, _ preferred: DaemonSlot?
    ) throws(ClaimError) -> SlotChoice.Claim {
        let deadline = Instant.now.adding(seconds: limits.hard)
        let soft = Instant.now.adding(seconds: limits.soft)
        var pause = Self.firstPause
        while true {
            let state = choice.scoreboard.state(of: group.index)
            switch queue.look(ticket) {
            case WSGI_TURN_NOW:
                if let claim = choice.tryClaim(group, preferred: preferred) { return claim }
            case WSGI_TURN_NEVER:
                guard deadline.millisecondsLeft > 0 else { throw .timeout }
                guard !MPM.isStopping else { throw .stopping }
                guard let again = choice.enter(group) else { throw .queueFull }
                ticket = again
                continue
            default: break
            }
            if state == .failed { throw .unavailable }
            if state == .stopped { throw .stopping }
            let left = deadline.millisecondsLeft
            guard left > 0 else { throw .timeout }
            if soft.millisecondsLeft <= 0, queue.ahead(of: ticket) >= group.settings.backlog { throw .queueFull }
            let isCalled = queue.wait(ticket, milliseconds: UInt32(min(left, pause)))
            if MPM.isStopping { throw .stopping }
            guard !isCalled else { continue }
            pause = Self.pause
            if unsafe clientHasGone(r) { throw .clientGone }
            let ahead = queue.ahead(of: ticket)
            let rules = choice.queueRules(group, limits)
            if ahead >= rules.most, QueueAdmission.mustLeave(behind: ahead, choice.queueFacts(group), rules) {
                throw .overload(nil)
            }
            lookUp()
        }
    }

    /// Whether the client no longer waits for the response.
    ///
    /// A client that has closed its connection cannot be distinguished from one that has closed only its half. The
    /// latter does so right after sending the request, so a half-closed connection at the first check is tolerated,
    /// unless the group is overloaded.
    private mutating func clientHasGone(_ r: Request) -> Bool {
        let isFirst = !hasLooked
        hasLooked = true
        switch unsafe chttpd_look_at_client(r) {
        case CHTTPD_CLIENT_THERE: return false
        case CHTTPD_CLIENT_HALF_CLOSED:
            if isFirst { isHalfClosed = true }
            return !isHalfClosed || choice.queueFacts(group).isOverload
        default: return true
        }
    }

    /// Removes requests of ended or stopped processes from the head of the queue.
    private mutating func lookUp() {
        choice.scoreboard.removeEndedChildren()
        guard choice.leastBusy(group) != nil, !choice.isHeldByFormer(group), let first = queue.first, first != ticket
        else {
            idler = nil
            return
        }
        if first == idler {
            queue.remove(processOf: first)
        } else {
            // The process that should have called the first request may have been killed.
            queue.call()
        }
        idler = first
    }
}
