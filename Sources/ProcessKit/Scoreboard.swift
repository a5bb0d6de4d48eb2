internal import CSharedMemory
internal import Glibc

/// Shared memory of httpd's processes and the supervisor: which worker serves each slot, and which requests wait.
///
/// Its layout and rules are in `wsgi_scoreboard.h`. A value refers to a mapping that exists as long as the process. The
/// supervisor publishes workers. httpd's parent prepares groups and removes children that have ended. httpd's children
/// claim threads and wait; see `ChildScoreboard`.
@safe public struct Scoreboard: @unchecked Sendable {
    /// The state of a process group.
    public enum GroupState: UInt32, Sendable {
        /// Requests wait for the first worker.
        case starting = 0
        /// At least one worker serves.
        case serving = 1
        /// No worker could be started, and the next attempt is delayed.
        case failed = 2
        /// Removed, or httpd stops.
        case stopped = 3
    }

    let board: UnsafeMutablePointer<wsgi_scoreboard>

    private init(_ board: UnsafeMutablePointer<wsgi_scoreboard>) { unsafe self.board = unsafe board }

    /// The generation that serves a slot; 0: none.
    public func generation(of slot: UInt32) -> UInt32 {
        guard slot < WSGI_MAX_SLOTS else { return 0 }
        return unsafe wsgi_slot_generation(board, slot)
    }

    /// Sets the state of a group, and wakes the threads that wait for it. Called by the parent and the supervisor.
    public func setState(of group: UInt32, _ state: GroupState) {
        guard group < WSGI_MAX_GROUPS else { return }
        unsafe wsgi_group_set_state(board, group, wsgi_group_state(rawValue: state.rawValue))
    }

    private func isValid(_ group: UInt32, _ slot: UInt32) -> Bool { group < WSGI_MAX_GROUPS && slot < WSGI_MAX_SLOTS }
}

// MARK: - httpd's parent

extension Scoreboard {
    /// Creates a scoreboard, and the memory file that the supervisor maps. The caller owns the descriptor.
    public static func make() throws(SystemError) -> (file: Int32, scoreboard: Scoreboard) {
        // The size is fixed because children have the file, too: if one could truncate it, access would kill the
        // parent.
        let file = try MemoryFile.create("wsgi-scoreboard", size: wsgi_scoreboard_size())
        let board = unsafe try MemoryFile.map(file.raw, size: wsgi_scoreboard_size())
            .assumingMemoryBound(to: wsgi_scoreboard.self)
        unsafe wsgi_scoreboard_prepare(board)
        return unsafe (file.release(), Scoreboard(board))
    }

    /// Prevents further claims of threads of a slot, whose worker is about to end with the supervisor.
    public func close(group: UInt32, slot: UInt32) {
        guard isValid(group, slot) else { return }
        unsafe wsgi_slot_close(board, group, slot)
    }

    /// Releases the claims of a child that has ended or was killed, and removes its requests from the queues.
    public func childEnded(_ process: Int32) { unsafe wsgi_child_ended(board, process) }

    /// Number of damaged queues that were reset since the last call.
    public func takeResets() -> UInt32 { unsafe wsgi_scoreboard_take_resets(board) }
}

// MARK: - The supervisor

extension Scoreboard {
    /// Maps the memory file that the parent has prepared.
    public init(_ file: consuming Descriptor) throws(SystemError) {
        let board = unsafe try MemoryFile.map(file.raw, size: wsgi_scoreboard_size())
            .assumingMemoryBound(to: wsgi_scoreboard.self)
        guard unsafe wsgi_scoreboard_is_valid(board) else { throw SystemError("scoreboard", EINVAL) }
        unsafe self.init(board)
    }

    /// Publishes the worker that serves the slot.
    public func publish(group: UInt32, slot: UInt32, generation: UInt32, threads: UInt32, process: Int32) {
        guard isValid(group, slot) else { return }
        unsafe wsgi_slot_publish(board, group, slot, generation, threads, process)
    }

    /// Publishes that the process of a generation was started, or has ended.
    ///
    /// Generations whose difference is a multiple of `runningGenerations` share one mark: one that runs must prevail.
    public func setRunning(_ slot: UInt32, generation: UInt32, _ isRunning: Bool) {
        guard slot < WSGI_MAX_SLOTS else { return }
        unsafe wsgi_slot_set_running(board, slot, generation, isRunning)
    }

    /// Number of generations of a slot whose end can be seen.
    public static let runningGenerations = UInt32(WSGI_RUNNING_GENERATIONS)

    /// Publishes that no worker serves the slot any more.
    public func withdraw(group: UInt32, slot: UInt32) {
        guard isValid(group, slot) else { return }
        unsafe wsgi_slot_withdraw(board, group, slot)
    }

    /// Publishes that the replacement of the slot's worker could not be started.
    public func replacementFailed(group: UInt32, slot: UInt32) {
        guard isValid(group, slot) else { return }
        unsafe wsgi_slot_replacement_failed(board, group, slot)
    }

    /// The request threads of a slot's worker, and how many of them are claimed.
    public func load(of slot: UInt32) -> (busy: Int, threads: Int) {
        guard slot < WSGI_MAX_SLOTS else { return (0, 0) }
        // Any process of httpd can write nonsense there.
        let threads = unsafe min(Int(wsgi_slot_threads(board, slot)), 1 << 20)
        return unsafe (min(Int(wsgi_slot_load(board, slot)), threads), threads)
    }

    /// Number of requests that wait for a thread of the group, including some that have left.
    public func waiting(group: UInt32) -> Int {
        unsafe group < WSGI_MAX_GROUPS ? min(Int(wsgi_queue_span(board, group)), Int(WSGI_MAX_WAITING)) : 0
    }

    /// Whether requests wait for a thread of the group.
    public func isWaitedFor(group: UInt32) -> Bool {
        unsafe group < WSGI_MAX_GROUPS && wsgi_queue_exists(board, group)
    }
}
