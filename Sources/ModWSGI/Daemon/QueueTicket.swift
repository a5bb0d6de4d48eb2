internal import CHTTPD
internal import CSystem
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
            if case .clientGone = error { unsafe wsgi_queue_count_left(choice.board, group.index) }
            unsafe wsgi_queue_leave(choice.board, group.index, ticket)
            unsafe wsgi_queue_call(choice.board, group.index)
            throw error
        }
        unsafe wsgi_queue_leave(choice.board, group.index, ticket)
        if choice.leastBusy(group) != nil { unsafe wsgi_queue_call(choice.board, group.index) }
        if unsafe clientHasGone(r) {
            unsafe wsgi_queue_count_left(choice.board, group.index)
            choice.release(claim, of: group)
            throw .clientGone
        }
        return claim
    }

    private mutating func claimInTurn(
        _ r: Request, _ limits: Limits, _ preferred: DaemonSlot?
    ) throws(ClaimError) -> SlotChoice.Claim {
        let deadline = MonotonicTime.now.adding(seconds: limits.hard)
        let soft = MonotonicTime.now.adding(seconds: limits.soft)
        var pause = Self.firstPause
        while true {
            let state = unsafe wsgi_group_get_state(choice.board, group.index)
            switch unsafe wsgi_queue_look(choice.board, group.index, ticket) {
            case WSGI_TURN_FIRST:
                if let claim = choice.tryClaim(group, preferred: preferred) { return claim }
            case WSGI_TURN_NEVER:
                guard let again = choice.enter(group, UInt32(WSGI_MAX_WAITING)) else { throw .queueFull }
                ticket = again
                continue
            default: break
            }
            if state == WSGI_GROUP_FAILED || state == WSGI_GROUP_STOPPED { throw .unavailable }
            let left = deadline.millisecondsLeft
            guard left > 0 else { throw .timeout }
            if soft.millisecondsLeft <= 0,
                unsafe wsgi_queue_ahead(choice.board, group.index, ticket) >= group.settings.backlog
            {
                throw .queueFull
            }
            let isCalled = unsafe wsgi_queue_wait(choice.board, group.index, ticket, UInt32(min(left, pause)))
            if MPM.isStopping { throw .unavailable }
            guard !isCalled else { continue }
            pause = Self.pause
            if unsafe clientHasGone(r) { throw .clientGone }
            let ahead = unsafe Int(wsgi_queue_ahead(choice.board, group.index, ticket))
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
        _ = unsafe wsgi_children_look(choice.board)
        var first: UInt32 = 0
        guard choice.leastBusy(group) != nil, unsafe wsgi_queue_first(choice.board, group.index, &first),
            first != ticket
        else {
            idler = nil
            return
        }
        if first == idler {
            unsafe wsgi_queue_put_out(choice.board, group.index, first)
        } else {
            // Whoever should have called may have been killed.
            unsafe wsgi_queue_call(choice.board, group.index)
        }
        idler = first
    }
}
