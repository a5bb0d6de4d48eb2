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
    /// The request that was the first when this one last looked up and found a thread idle.
    private var idler: UInt32?
    /// The client closes its half of the connection when it has sent its request, and waits for the answer.
    private var isHalfClosed = false
    /// The client has been looked at.
    private var hasLooked = false

    /// How long a request waits, in seconds.
    struct Limits {
        /// For a thread in any case.
        let hard: Int
        /// With `listen-backlog` requests or more before it.
        let soft: Int
        /// What it is predicted to wait must not be longer.
        let inTime: Int
    }

    /// The first look is early, for the sake of those who stand behind a child that has just been killed.
    private static let firstPause: Int64 = 100
    /// So that a client that goes, a stopping httpd and a missing supervisor are noticed.
    private static let pause: Int64 = 500

    private let started = MonotonicTime.now
    private var queue: RequestQueue { choice.queue(group) }

    init(choice: SlotChoice, group: DaemonGroup, ticket: UInt32) {
        self.choice = choice
        self.group = group
        self.ticket = ticket
    }

    /// Waits until it is the request's turn and a thread is idle, and claims it. The place is left in any case.
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
        // A request that has waited for a moment only is not worth a system call.
        if unsafe started.millisecondsLeft < -Self.firstPause && clientHasGone(r) {
            queue.countLeft()
            choice.release(claim, of: group)
            throw .clientGone
        }
        if choice.leavesNoThread(group) { unsafe closeAfterResponse(r) }
        return claim
    }

    /// Has the connection closed after the response, and says so in it.
    ///
    /// When the requests of one group have nearly all threads of httpd, clients whose connections are kept would be served
    /// again and again, and others not at all: httpd accepts no connection meanwhile.
    private func closeAfterResponse(_ r: Request) {
        // Of a nested request the head is out; streams of HTTP/2 have no connection of their own.
        guard unsafe r.pointee.main == nil, let connection = unsafe r.pointee.connection,
            unsafe connection.pointee.master == nil
        else { return }
        unsafe connection.pointee.keepalive = AP_CONN_CLOSE
    }

    private mutating func claimInTurn(
        _ r: Request, _ limits: Limits, _ preferred: DaemonSlot?
    ) throws(ClaimError) -> SlotChoice.Claim {
        let deadline = MonotonicTime.now.adding(seconds: limits.hard)
        let soft = MonotonicTime.now.adding(seconds: limits.soft)
        var pause = Self.firstPause
        while true {
            let state = choice.scoreboard.state(of: group.index)
            switch queue.look(ticket) {
            case WSGI_TURN_NOW:
                if let claim = choice.tryClaim(group, preferred: preferred) { return claim }
            case WSGI_TURN_NEVER:
                guard deadline.millisecondsLeft > 0 else { throw .timeout }
                guard !MPM.isStopping else { throw .unavailable }
                guard let again = choice.enter(group) else { throw .queueFull }
                ticket = again
                continue
            default: break
            }
            if state == .failed || state == .stopped { throw .unavailable }
            let left = deadline.millisecondsLeft
            guard left > 0 else { throw .timeout }
            if soft.millisecondsLeft <= 0, queue.ahead(of: ticket) >= group.settings.backlog { throw .queueFull }
            let isCalled = queue.wait(ticket, milliseconds: UInt32(min(left, pause)))
            if MPM.isStopping { throw .unavailable }
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

    /// Whether nobody waits for the answer any more.
    ///
    /// A client that has closed all of its connection looks as one that has closed only its half. Those of the second kind
    /// do so when they have sent their request, so what is so at the first look stays without consequence; but when the
    /// group is overloaded its threads are not spent on them.
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

    /// Sees to it that nobody stands in the way who has ended or does not move.
    private mutating func lookUp() {
        choice.scoreboard.removeEndedChildren()
        guard choice.leastBusy(group) != nil, let first = queue.first, first != ticket else {
            idler = nil
            return
        }
        if first == idler {
            queue.remove(processOf: first)
        } else {
            // Whoever should have called may have been killed.
            queue.call()
        }
        idler = first
    }
}
