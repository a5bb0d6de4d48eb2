internal import Glibc
internal import ProcessKit
internal import Synchronization

/// Threads of workers that still run an application although its request has ended: the client has disconnected, or the
/// time limit has expired.
///
/// Their claims are kept, so that no other request is sent to a worker without an idle thread. The worker closes the
/// connection when its thread is done. A thread of this child waits for that while there are such connections.
enum BusyThreads {
    /// A connection and its claim. The pointer has one owner at a time.
    @safe private struct Entry: @unchecked Sendable {
        let connection: UnsafeMutablePointer<DaemonConnection>
        let claim: SlotChoice.Claim
        let group: DaemonGroup
        let choice: SlotChoice
    }

    private struct State {
        var entries: [Entry] = []  // cold: requests that have ended
        var isWatched = false
    }

    private static let state = Mutex(State())

    /// Milliseconds until a connection that was added meanwhile is watched too.
    private static let interval: Int32 = 50

    /// Takes over a connection and the claim of its request.
    ///
    /// - Returns: false if no thread could be started to watch it; the caller keeps both.
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
            // Entries added meanwhile are not watched; their claims end with their workers.
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

    /// Whether the worker has been replaced, so that the claim has no effect any more.
    private static func isReplaced(_ entry: Entry) -> Bool {
        entry.choice.scoreboard.generation(of: entry.claim.slot.index) != entry.claim.generation
    }

    private static func end(_ entry: Entry) {
        state.withLock { state in state.entries.removeAll { unsafe $0.connection == entry.connection } }
        unsafe DaemonSlot.discard(entry.connection)
        entry.choice.release(entry.claim, of: entry.group, isServed: true)
    }
}
