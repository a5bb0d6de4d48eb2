internal import CHTTPD
internal import CSystem
internal import Synchronization
internal import WSGIConfig
internal import WSGICore

/// A process group as an httpd child uses it: made by the parent after the configuration was read, never changed.
@safe final class DaemonGroup: Sendable {
    /// The group's name.
    let name: String
    /// Its place in the scoreboard.
    let index: UInt32
    private let serial: UInt64
    /// Where each of its workers listens.
    let slots: [DaemonSlot]
    /// Seconds a connect may take, and a request may wait for the first worker.
    let connectTimeout: Int
    /// Seconds one read or write may take.
    let socketTimeout: Int
    /// Seconds that requests of a worker may go on when it is replaced, with all that it is given to end.
    let drainTimeout: Int
    /// Seconds that a request may wait for a thread; 0: as long as for a connection.
    let queueTimeout: Int
    /// Requests that may wait while all threads are busy.
    let backlog: Int
    /// To whom its scripts must belong; `nil`: to anybody.
    let ownership: ScriptOwnership?
    /// The most bytes of one header of a response.
    let longestHeader: Int
    /// The most bytes of a response that wait in httpd for a slow client.
    let largestBacklog: Int
    /// Seconds that one write to the client may take; 0: as httpd's `Timeout` says.
    let clientTimeout: Int
    /// The directory that is its workers' root, without a slash at its end; empty: they have the machine's.
    let root: ConfigText
    /// What its workers may send, and receive, ahead of the other side, in bytes; 0: the system's default.
    let buffers: (send: Int, receive: Int)
    /// Its processes have no request threads: they only run scripts.
    let isService: Bool
    /// Descriptors that its workers have sent and that are not closed yet; see `closeForeign`.
    nonisolated(unsafe) let closing: UnsafeMutablePointer<UInt32>

    init(
        name: String, place: (index: UInt32, serial: UInt64), slots: [DaemonSlot], connectTimeout: Int,
        socketTimeout: Int, drainTimeout: Int, queueTimeout: Int, backlog: Int,
        ownership: ScriptOwnership?, longestHeader: Int, largestBacklog: Int, clientTimeout: Int,
        root: ConfigText, buffers: (send: Int, receive: Int), isService: Bool
    ) {
        self.name = name
        index = place.index
        serial = place.serial
        self.slots = slots
        self.connectTimeout = connectTimeout
        self.socketTimeout = socketTimeout
        self.drainTimeout = drainTimeout
        self.queueTimeout = queueTimeout
        self.backlog = backlog
        self.ownership = ownership
        self.longestHeader = longestHeader
        self.largestBacklog = largestBacklog
        self.clientTimeout = clientTimeout
        self.root = root
        self.buffers = buffers
        self.isService = isService
        unsafe closing = UnsafeMutablePointer<UInt32>.allocate(capacity: 1)
        unsafe closing.initialize(to: 0)
    }

    /// Closes a descriptor that a worker has sent and that may be anything, without waiting for that.
    func closeForeign(_ descriptor: Int32) {
        var descriptor = descriptor
        unsafe wsgi_close_foreign(&descriptor, 1, closing)
    }

    /// Whether so much of what its workers have sent cannot be closed that they are to be sent no more requests.
    var isClogged: Bool { unsafe wsgi_is_clogged(closing) }

    /// The secret that its workers expect; the empty one, which none accepts, once the group has been removed.
    var secret: ConnectionSecret { GroupSecrets.secret(of: index, serial: serial) }

    /// Which of its slots this is, counted from 0.
    func place(of slot: DaemonSlot) -> Int { slots.firstIndex { $0.index == slot.index } ?? 0 }
}

/// One worker slot of a group, with this child's idle connections to it.
final class DaemonSlot: Sendable {
    /// Its place in the scoreboard.
    let index: UInt32
    /// The path of its socket.
    let path: String
    /// The same, as the system wants it.
    let address: SocketAddress
    private let idle = Mutex<[Idle]>([])
    /// When an answer of its workers that no worker gives was last logged, and how many there were since.
    private let violations = Mutex<(logged: MonotonicTime?, count: Int)>((nil, 0))

    /// A pointer that one owner at a time holds.
    @safe private struct Idle: @unchecked Sendable {
        let connection: UnsafeMutablePointer<DaemonConnection>
    }

    init?(index: UInt32, path: String) {
        guard let address = SocketAddress(path: path) else { return nil }
        self.index = index
        self.path = path
        self.address = address
    }

    /// The most recently used idle connection to the worker of this generation. Connections to former ones are closed, and
    /// those on which something has come since their last response ended.
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

    /// Closes all idle connections: the worker they lead to has gone or is about to.
    func closeIdle() {
        let all = idle.withLock { idle in
            let all = idle
            idle.removeAll(keepingCapacity: true)
            return all
        }
        for one in all { unsafe Self.discard(one.connection) }
    }

    /// Counts an answer that no worker gives.
    ///
    /// - Returns: How many are to be told of now, at most once a second: 0 for none.
    func countViolation(at time: MonotonicTime) -> Int {
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
