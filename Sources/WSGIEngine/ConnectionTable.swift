internal import Synchronization
internal import WSGIAdapter

/// The state of each connection, by its descriptor: closed, waiting in the poller, or taken by a thread; and whether it
/// has been introduced, that is, has begun with the secret of the process group.
///
/// A thread may use only a connection that it has *taken*. This prevents a descriptor from being closed by one thread
/// while another thread refers to an earlier connection with the same number.
@safe final class ConnectionTable: Sendable {
    /// Descriptors from this number on are not accepted as connections.
    static let capacity = 1 << 16

    private enum State {
        static let none: UInt8 = 0
        static let idle: UInt8 = 1
        static let taken: UInt8 = 2
        /// As `idle`, but not introduced.
        static let new: UInt8 = 3
    }

    /// The kind of connection that a thread has taken.
    enum Taken {
        /// A connection that was introduced before.
        case introduced
        /// A connection that has not been introduced.
        case new
    }

    /// The last connections that were accepted but not yet introduced.
    private struct Newcomers {
        var sockets: [Int32]
        var next = 0
    }

    private nonisolated(unsafe) let states: UnsafeMutablePointer<Atomic<UInt8>>
    private let open = Atomic<Int>(0)
    /// No connection has a descriptor above this one.
    private let highest = Atomic<Int>(0)

    private let newcomers: Locked<Newcomers>

    /// A table without connections; it lives as long as the process.
    ///
    /// - Parameter mostNew: How many connections may be open without having been introduced.
    init(mostNew: Int) {
        newcomers = Locked(Newcomers(sockets: Array(repeating: -1, count: mostNew)))
        unsafe states = UnsafeMutablePointer<Atomic<UInt8>>.allocate(capacity: Self.capacity)
        for index in 0..<Self.capacity { unsafe (states + index).initialize(to: Atomic(State.none)) }
    }

    deinit { unsafe states.deallocate() }

    /// Connections that are open, and threads that may be about to accept one.
    var count: Int { open.load(ordering: .sequentiallyConsistent) }

    /// Called before a thread checks whether it may accept. Until `endAccepting` the table does not count as empty.
    /// Otherwise the process could begin to end while a connection is between the socket's queue and the table.
    func beginAccepting() { open.add(1, ordering: .sequentiallyConsistent) }

    /// Called after the thread has entered the accepted connection.
    func endAccepting() { open.subtract(1, ordering: .sequentiallyConsistent) }

    /// Enters a new connection, taken by the calling thread. False: its number is too high.
    func enter(_ socket: Int32) -> Bool {
        guard socket >= 0, Int(socket) < Self.capacity else { return false }
        highest.max(Int(socket), ordering: .sequentiallyConsistent)
        unsafe states[Int(socket)].store(State.taken, ordering: .sequentiallyConsistent)
        open.add(1, ordering: .sequentiallyConsistent)
        return true
    }

    /// Takes an idle connection. `nil`: it is not idle; the event was stale.
    func take(_ socket: Int32) -> Taken? {
        guard socket >= 0, Int(socket) < Self.capacity else { return nil }
        let (isIdle, found) = unsafe states[Int(socket)].compareExchange(
            expected: State.idle, desired: State.taken, ordering: .sequentiallyConsistent)
        if isIdle { return .introduced }
        return found == State.new && takeNew(socket) ? .new : nil
    }

    /// Takes a connection that has not been introduced. False: it has been, or is not idle.
    func takeNew(_ socket: Int32) -> Bool {
        guard socket >= 0, Int(socket) < Self.capacity else { return false }
        return unsafe states[Int(socket)].compareExchange(
            expected: State.new, desired: State.taken, ordering: .sequentiallyConsistent
        ).exchanged
    }

    /// Releases a connection that was just accepted and taken, for the first thread that takes it. It has not been
    /// introduced.
    ///
    /// - Returns: A connection accepted `mostNew` connections earlier, which should have been introduced by now; -1:
    ///   none.
    func offer(_ socket: Int32) -> Int32 {
        unsafe states[Int(socket)].store(State.new, ordering: .sequentiallyConsistent)
        return newcomers.withLock { newcomers in
            // An earlier connection with this number was closed.
            for index in newcomers.sockets.indices where newcomers.sockets[index] == socket {
                newcomers.sockets[index] = -1
            }
            let oldest = newcomers.sockets[newcomers.next]
            newcomers.sockets[newcomers.next] = socket
            newcomers.next = (newcomers.next &+ 1) % newcomers.sockets.count
            return oldest
        }
    }

    /// Releases a taken connection, which becomes idle.
    func giveBack(_ socket: Int32) { unsafe states[Int(socket)].store(State.idle, ordering: .sequentiallyConsistent) }

    /// Removes a taken connection. Must be called before its descriptor is closed.
    func leave(_ socket: Int32) {
        unsafe states[Int(socket)].store(State.none, ordering: .sequentiallyConsistent)
        open.subtract(1, ordering: .sequentiallyConsistent)
    }

    /// Calls `body` for each connection that is idle at this moment.
    func forEachIdle(_ body: (Int32) -> Void) {
        for socket in 0...highest.load(ordering: .sequentiallyConsistent) {
            switch unsafe states[socket].load(ordering: .sequentiallyConsistent) {
            case State.idle, State.new: body(Int32(socket))
            default: break
            }
        }
    }
}
