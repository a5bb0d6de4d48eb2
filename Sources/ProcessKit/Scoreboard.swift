internal import CSharedMemory
internal import Glibc

/// The scoreboard as the supervisor sees it: who serves which slot, and what a group is able to do.
@safe public struct Scoreboard: ~Copyable {
    /// What a process group is able to do.
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

    private let board: UnsafeMutablePointer<wsgi_scoreboard>

    /// Maps the memory file; the parent has prepared it.
    public init(_ file: consuming Descriptor) throws(SystemError) { unsafe board = try Self.map(file.raw) }

    private static func map(_ raw: Int32) throws(SystemError) -> UnsafeMutablePointer<wsgi_scoreboard> {
        let board = unsafe try MemoryFile.map(raw, size: wsgi_scoreboard_size())
            .assumingMemoryBound(to: wsgi_scoreboard.self)
        guard unsafe wsgi_scoreboard_is_valid(board) else { throw SystemError("scoreboard", EINVAL) }
        return unsafe board
    }

    deinit { _ = unsafe munmap(board, wsgi_scoreboard_size()) }

    /// The generation that serves the slot, 0: none.
    public func generation(of slot: UInt32) -> UInt32 {
        guard slot < WSGI_MAX_SLOTS else { return 0 }
        return unsafe wsgi_slot_generation(board, slot)
    }

    /// Makes a worker the one that serves the slot.
    public func publish(group: UInt32, slot: UInt32, generation: UInt32, threads: UInt32, process: Int32) {
        guard isValid(group, slot) else { return }
        unsafe wsgi_slot_publish(board, group, slot, generation, threads, process)
    }

    /// Nobody serves the slot any more.
    public func withdraw(group: UInt32, slot: UInt32) {
        guard isValid(group, slot) else { return }
        unsafe wsgi_slot_withdraw(board, group, slot)
    }

    /// The replacement that was asked for could not be started.
    public func refuse(group: UInt32, slot: UInt32) {
        guard isValid(group, slot) else { return }
        unsafe wsgi_slot_refuse(board, group, slot)
    }

    /// Whether requests wait for a thread of the group.
    public func isWaitedFor(group: UInt32) -> Bool {
        unsafe group < WSGI_MAX_GROUPS && wsgi_queue_exists(board, group)
    }

    /// Sets what a group is able to do, and wakes who waits for it.
    public func setState(of group: UInt32, _ state: GroupState) {
        guard group < WSGI_MAX_GROUPS else { return }
        unsafe wsgi_group_set_state(board, group, wsgi_group_state(rawValue: state.rawValue))
    }

    private func isValid(_ group: UInt32, _ slot: UInt32) -> Bool { group < WSGI_MAX_GROUPS && slot < WSGI_MAX_SLOTS }
}
