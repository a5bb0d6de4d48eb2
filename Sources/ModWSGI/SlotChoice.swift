internal import CSystem

/// Finds the worker that serves a request: the least busy one with an idle thread, without a system call.
///
/// When all threads of the group are busy the request waits in the group's one queue, in the scoreboard. The claim it
/// gets is a thread of one worker, and must be released.
@safe struct SlotChoice {
    let board: UnsafeMutablePointer<wsgi_scoreboard>
    /// This child's place in the scoreboard.
    let child: UInt32

    /// A thread of a worker.
    struct Claim {
        let slot: DaemonSlot
        let generation: UInt32
    }

    /// Why no worker could be had.
    enum Refusal: Error {
        /// No worker of the group can be started, or it is being removed.
        case unavailable
        /// As many requests as `listen-backlog` allows wait already.
        case queueFull
        /// No thread became free in time.
        case timeout
    }

    /// Claims a thread, waiting up to `seconds` for one; 0: do not wait.
    ///
    /// - Parameter preferred: tried first, for a request that waited for just this slot's new worker.
    func claim(_ group: DaemonGroup, seconds: Int, preferred: DaemonSlot? = nil) throws(Refusal) -> Claim {
        if let claim = tryClaim(group, preferred: preferred) { return claim }
        guard unsafe wsgi_group_waiters(board, group.index) < UInt32(clamping: group.backlog) else { throw .queueFull }
        unsafe wsgi_group_enter_queue(board, group.index)
        defer { unsafe wsgi_group_leave_queue(board, group.index) }
        let deadline = MonotonicTime.now.adding(seconds: seconds)
        while true {
            // Read before looking: whatever changes afterwards ends the wait at once.
            let seen = unsafe wsgi_group_signal(board, group.index)
            let state = unsafe wsgi_group_get_state(board, group.index)
            if let claim = tryClaim(group, preferred: preferred) { return claim }
            if state == WSGI_GROUP_FAILED || state == WSGI_GROUP_STOPPED { throw .unavailable }
            let left = deadline.millisecondsLeft
            guard left > 0 else { throw .timeout }
            // Pieces of a second, so that a stopping httpd and a missing supervisor are noticed.
            _ = unsafe wsgi_group_wait(board, group.index, seen, UInt32(min(left, 500)))
            if ModuleState.isStopping { throw .unavailable }
        }
    }

    /// Gives a thread back.
    func release(_ claim: Claim, of group: DaemonGroup) {
        unsafe wsgi_slot_release(board, child, group.index, claim.slot.index, claim.generation)
    }

    /// Waits until the slot is served by another generation than this, or its replacement was refused.
    ///
    /// - Returns: true when there is a successor.
    func waitForSuccessor(
        of generation: UInt32, in slot: DaemonSlot, refusals: UInt32, of group: DaemonGroup, seconds: Int
    ) -> Bool {
        let deadline = MonotonicTime.now.adding(seconds: seconds)
        while true {
            let seen = unsafe wsgi_group_signal(board, group.index)
            let serving = unsafe wsgi_slot_generation(board, slot.index)
            if serving != generation && serving != 0 { return true }
            if unsafe wsgi_slot_refusals(board, slot.index) != refusals { return false }
            let left = deadline.millisecondsLeft
            guard left > 0, !ModuleState.isStopping else { return false }
            _ = unsafe wsgi_group_wait(board, group.index, seen, UInt32(min(left, 500)))
        }
    }

    private func tryClaim(_ group: DaemonGroup, preferred: DaemonSlot?) -> Claim? {
        if let preferred {
            let generation = unsafe wsgi_slot_claim(board, child, preferred.index)
            if generation != 0 { return Claim(slot: preferred, generation: generation) }
        }
        // A claim fails when another child was faster: then that slot is busier, and the next best is looked for.
        for _ in 0..<4 {
            var best: DaemonSlot?
            var least = UInt32.max
            for slot in group.slots where unsafe wsgi_slot_generation(board, slot.index) != 0 {
                let busy = unsafe wsgi_slot_busy(board, slot.index)
                if busy < least {
                    least = busy
                    best = slot
                }
                if busy == 0 { break }
            }
            guard let best else { return nil }
            let generation = unsafe wsgi_slot_claim(board, child, best.index)
            if generation != 0 { return Claim(slot: best, generation: generation) }
        }
        return nil
    }
}
