public import CSharedMemory

/// The scoreboard as an httpd child sees it. The child claims threads of workers, releases them, and waits for them.
///
/// Any thread of the child may use it. Only functions that are documented as blocking block.
@safe public struct ChildScoreboard: @unchecked Sendable {
    let board: UnsafeMutablePointer<wsgi_scoreboard>
    private let child: UInt32

    /// Registers this child, so that its claims can be released if it is killed. Called on the child's only thread.
    public init(registering scoreboard: Scoreboard) {
        unsafe board = scoreboard.board
        child = unsafe wsgi_child_register(board)
    }

    /// Releases the child's place and claims when it ends.
    public func unregister() { unsafe wsgi_child_unregister(board, child) }

    // MARK: - Slots

    /// The generation that serves a slot; 0: none.
    public func generation(of slot: UInt32) -> UInt32 { unsafe wsgi_slot_generation(board, slot) }

    /// Number of claimed threads of a slot's worker; `UInt32.max` if none is idle.
    public func load(of slot: UInt32) -> UInt32 { unsafe wsgi_slot_load(board, slot) }

    /// Number of claimed threads of a slot's worker.
    public func claimed(of slot: UInt32) -> Int { unsafe Int(wsgi_slot_claimed(board, slot)) }

    /// Number of request threads of a slot's worker; 0: no worker serves the slot.
    public func threads(of slot: UInt32) -> Int { unsafe Int(wsgi_slot_threads(board, slot)) }

    /// Number of failed replacements of the slot's workers; wraps.
    public func failedReplacements(of slot: UInt32) -> UInt32 { unsafe wsgi_slot_failed_replacements(board, slot) }

    /// Claims a thread of a slot's worker.
    ///
    /// - Returns: The worker's generation; 0: all threads are busy, or no worker serves the slot.
    public func claim(_ slot: UInt32) -> UInt32 { unsafe wsgi_slot_claim(board, child, slot) }

    /// Releases a claim, and calls a waiting request. `isServed`: the worker has served a request, and has not returned it.
    public func release(_ slot: UInt32, of group: UInt32, generation: UInt32, isServed: Bool) {
        unsafe wsgi_slot_release(board, child, group, slot, generation, isServed)
    }

    /// Keeps a claim for ever: the worker's thread is busy until its process ends.
    public func loseThread(_ slot: UInt32, of group: UInt32, generation: UInt32) {
        unsafe wsgi_slot_lose_thread(board, group, slot, generation)
    }

    /// Releases the claims of children that have ended, at most four times a second over all processes.
    ///
    /// - Returns: Whether it checked.
    @discardableResult
    public func removeEndedChildren() -> Bool { unsafe wsgi_children_look(board) }

    /// Whether the process of a generation may still run. One that has ended sends nothing more.
    public func isRunning(_ slot: UInt32, generation: UInt32) -> Bool {
        unsafe wsgi_slot_is_running(board, slot, generation)
    }

    // MARK: - Threads of httpd

    /// Counts a thread of this child that a request of the group occupies without a claim. `end` must follow.
    public func begin(_ occupation: wsgi_occupation, of group: UInt32) {
        unsafe wsgi_occupied_begin(board, child, group, occupation)
    }

    /// Ends what `begin` began, and calls a waiting request.
    public func end(_ occupation: wsgi_occupation, of group: UInt32) {
        unsafe wsgi_occupied_end(board, child, group, occupation)
    }

    /// Number of threads of all children that requests of the group occupy for this reason.
    public func count(_ occupation: wsgi_occupation, of group: UInt32) -> Int {
        unsafe Int(wsgi_occupied_by(board, group, occupation))
    }

    /// The same for the threads of this child.
    public func ownCount(_ occupation: wsgi_occupation, of group: UInt32) -> Int {
        unsafe Int(wsgi_occupied_of_child(board, child, group, occupation))
    }

    /// Records that a request does not wait any longer because of the group's share of httpd's threads.
    public func setCrowded(_ group: UInt32) { unsafe wsgi_group_set_crowded(board, group) }

    /// Whether that was recorded within the last ten seconds.
    public func isCrowded(_ group: UInt32) -> Bool { unsafe wsgi_group_is_crowded(board, group) }

    // MARK: - Groups

    /// The state of a group.
    public func state(of group: UInt32) -> Scoreboard.GroupState {
        unsafe Scoreboard.GroupState(rawValue: wsgi_group_get_state(board, group).rawValue) ?? .starting
    }

    /// A number that changes with every change that the supervisor makes to the group.
    public func signal(of group: UInt32) -> UInt32 { unsafe wsgi_group_signal(board, group) }

    /// Blocks until the number differs from `seen`, at most this number of milliseconds.
    public func awaitSignal(of group: UInt32, after seen: UInt32, milliseconds: UInt32) {
        unsafe _ = wsgi_group_await_signal(board, group, seen, milliseconds)
    }

    /// The requests that wait for a thread of a group.
    public func queue(of group: UInt32) -> RequestQueue { RequestQueue(scoreboard: self, group: group) }
}

/// The requests that wait for a thread of one process group, in the order of their arrival.
@safe public struct RequestQueue: Sendable {
    let scoreboard: ChildScoreboard
    let group: UInt32

    private var board: UnsafeMutablePointer<wsgi_scoreboard> { unsafe scoreboard.board }

    /// Maximum number of requests in one queue.
    public static let capacity = UInt32(WSGI_MAX_WAITING)

    /// Whether a request waits.
    public var exists: Bool { unsafe wsgi_queue_exists(board, group) }

    /// Number of waiting requests. Inspects each place.
    public var length: Int { unsafe Int(wsgi_queue_length(board, group)) }

    /// Number of waiting requests, including some that have left. A single load.
    public var span: Int { unsafe Int(wsgi_queue_span(board, group)) }

    /// The length and speed of the queue.
    public var facts: wsgi_queue_facts {
        var facts = wsgi_queue_facts()
        unsafe wsgi_queue_get_facts(board, group, &facts)
        return facts
    }

    /// Records whether the queue is slow, and whether the group has become overloaded.
    public func judge(isSlow: Bool, isNewOverload: Bool) {
        unsafe wsgi_queue_judge(board, group, isSlow, isNewOverload)
    }

    /// Counts a request whose client disconnected while it waited.
    public func countLeft() { unsafe wsgi_queue_count_left(board, group) }

    /// Counts a request that is rejected.
    ///
    /// - Returns: The number of requests to report now, at most once a second; 0: none.
    public func countRejected() -> UInt32 { unsafe wsgi_queue_count_rejected(board, group) }

    /// Enters the queue at its end. Returns `nil` if `limit` requests already wait.
    public func enter(limit: UInt32) -> UInt32? {
        var ticket: UInt32 = 0
        return unsafe wsgi_queue_enter(board, group, limit, &ticket) ? ticket : nil
    }

    /// Leaves the queue. No effect on a ticket that has been removed from it.
    ///
    /// - Returns: Whether the ticket was called meanwhile, so that another one must be called instead.
    public func leave(_ ticket: UInt32) -> Bool { unsafe wsgi_queue_leave(board, group, ticket) }

    /// Calls the first request that has not been called. Call it once for each idle thread.
    public func call() { unsafe wsgi_queue_call(board, group) }

    /// Calls the first request if it has not been called.
    public func callFirst() { unsafe wsgi_queue_call_first(board, group) }

    /// The turn of a ticket; removes the mark of a call. Call it, then try to claim a thread, then wait.
    public func look(_ ticket: UInt32) -> wsgi_queue_turn { unsafe wsgi_queue_look(board, group, ticket) }

    /// Blocks until the ticket is called or removed, at most this number of milliseconds. Returns false if the time has
    /// expired.
    public func wait(_ ticket: UInt32, milliseconds: UInt32) -> Bool {
        unsafe wsgi_queue_wait(board, group, ticket, milliseconds)
    }

    /// Number of requests that wait before this one.
    public func ahead(of ticket: UInt32) -> Int { unsafe Int(wsgi_queue_ahead(board, group, ticket)) }

    /// The ticket of the first request; `nil`: none waits.
    public var first: UInt32? {
        var ticket: UInt32 = 0
        return unsafe wsgi_queue_first(board, group, &ticket) ? ticket : nil
    }

    /// Removes all tickets of a stopped process from the queue if this ticket of it is the first.
    public func remove(processOf ticket: UInt32) { unsafe wsgi_queue_put_out(board, group, ticket) }
}
