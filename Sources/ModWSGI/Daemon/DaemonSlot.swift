internal import ProcessKit
internal import Synchronization
internal import WSGICore

/// One worker slot of a group, with this child's idle connections to it.
final class DaemonSlot: Sendable {  // cold: made by the parent
    /// Its index in the scoreboard.
    let index: UInt32
    /// Its index in the group, counted from 0.
    let position: Int
    /// The path of its socket.
    let path: String  // cold: made by the parent
    /// The same as a socket address.
    let address: SocketAddress
    private let idle = Mutex<[Idle]>([])  // cold: made by the parent
    /// The time at which a protocol violation of its workers was last logged, and their number since.
    private let violations = Mutex<(logged: Instant?, count: Int)>((nil, 0))

    /// An idle connection. The pointer has one owner at a time.
    @safe private struct Idle: @unchecked Sendable {
        let connection: UnsafeMutablePointer<DaemonConnection>
    }

    init?(index: UInt32, position: Int, path: String) {  // cold: made by the parent
        guard let address = SocketAddress(path: path) else { return nil }
        self.index = index
        self.position = position
        self.path = path
        self.address = address
    }

    /// The most recently used idle connection to the worker of this generation.
    ///
    /// Connections to earlier workers, and those on which data arrived after the last response, are closed.
    func takeIdle(generation: UInt32, secret: ConnectionSecret) -> UnsafeMutablePointer<DaemonConnection>? {
        while let found = unsafe idle.withLock({ $0.popLast() })?.connection {
            if unsafe found.pointee.generation == generation, unsafe found.pointee.secret == secret,
                unsafe found.pointee.isQuiet
            {
                return unsafe found
            }
            unsafe Self.discard(found)
        }
        return nil
    }

    /// Keeps a connection that is between two requests.
    func giveBack(_ connection: UnsafeMutablePointer<DaemonConnection>) {
        idle.withLock { unsafe $0.append(Idle(connection: connection)) }
    }

    /// Closes all idle connections: their worker has ended or is about to end.
    func closeIdle() {
        let all = idle.withLock { idle in
            let all = idle
            idle.removeAll(keepingCapacity: true)
            return all
        }
        for one in all { unsafe Self.discard(one.connection) }
    }

    /// Counts a protocol violation.
    ///
    /// - Returns: The number of violations to log now, at most once a second; 0 for none.
    func countViolation(at time: Instant) -> Int {
        violations.withLock { violations in
            violations.count += 1
            if let logged = violations.logged, time.seconds(since: logged) < 1 { return 0 }
            defer { violations = (time, 0) }
            return violations.count
        }
    }

    /// Closes a connection and frees its memory.
    static func discard(_ connection: UnsafeMutablePointer<DaemonConnection>) {
        unsafe connection.deinitialize(count: 1)
        unsafe connection.deallocate()
    }
}
