internal import Glibc
internal import ProcessKit
internal import Synchronization

/// Threads of workers whose requests nobody waits for any more: the client has left, or the time is over, and the application
/// still runs.
///
/// Their claims last as long, or other requests would be sent to a worker that has no thread for them. The worker closes the
/// connection when its thread is done; a thread of this child waits for that, while there are any.
enum BusyThreads {
    /// What is held; a pointer that one owner at a time holds.
    @safe private struct Entry: @unchecked Sendable {
        let connection: UnsafeMutablePointer<DaemonConnection>
        let claim: SlotChoice.Claim
        let group: DaemonGroup
        let choice: SlotChoice
    }

    private struct State {
        var entries: [Entry] = []  // cold: requests that nobody waits for
        var isWatched = false
    }

    private static let state = Mutex(State())

    /// Milliseconds after which a connection that was added meanwhile is looked at.
    private static let interval: Int32 = 50

    /// Takes over a connection and the claim of its request. False: nobody can wait for it, and both stay the caller's.
    static func add(
        _ connection: UnsafeMutablePointer<DaemonConnection>, _ claim: SlotChoice.Claim, of group: DaemonGroup,
        _ choice: SlotChoice
    ) -> Bool {
        let entry = unsafe Entry(connection: connection, claim: claim, group: group, choice: choice)
        let isWatched = state.withLock { state in
            state.entries.append(entry)
            defer { state.isWatched = true }
            return state.isWatched
        }
        unsafe connection.pointee.abort()
        guard !isWatched else { return true }
        do {
            unsafe try CurrentProcess.startQuietThread(name: "wsgi-busy") { _ in BusyThreads.watch() }
            return true
        } catch {
            // Others may have been added meanwhile: theirs end with their workers.
            state.withLock { state in
                state.isWatched = false
                state.entries.removeAll { unsafe $0.connection == connection }
            }
            return false
        }
    }

    private static func watch() {
        while true {
            let entries = state.withLock { state in
                if state.entries.isEmpty { state.isWatched = false }
                return state.entries
            }
            guard !entries.isEmpty else { return }
            var waits = entries.map { unsafe pollfd(fd: $0.connection.pointee.descriptor, events: 0, revents: 0) }
            unsafe poll(&waits, nfds_t(waits.count), interval)
            for (entry, wait) in zip(entries, waits) where wait.revents != 0 || isReplaced(entry) { end(entry) }
        }
    }

    /// Whether the claim counts no more.
    private static func isReplaced(_ entry: Entry) -> Bool {
        entry.choice.scoreboard.generation(of: entry.claim.slot.index) != entry.claim.generation
    }

    private static func end(_ entry: Entry) {
        state.withLock { state in state.entries.removeAll { unsafe $0.connection == entry.connection } }
        unsafe DaemonSlot.discard(entry.connection)
        entry.choice.release(entry.claim, of: entry.group)
    }
}
