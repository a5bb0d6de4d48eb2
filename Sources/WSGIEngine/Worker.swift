internal import CSharedMemory
internal import ProcessKit
internal import Synchronization
internal import WSGIAdapter
internal import WSGICore
internal import WSGIWire

/// What the threads of a daemon process share: its sockets, its limits, and counts that all of them change.
///
/// The main thread makes it before there are others; everything that changes later is atomic.
final class Worker: Sendable {
    /// What happens in the pipe of signals beside signals.
    enum Note {
        /// A request or a connection has ended while the worker drains.
        static let ended: UInt8 = 200
    }

    /// The token of the listening socket; a connection's is its descriptor.
    static let listenerToken: UInt64 = 1 << 32
    /// The descriptors that the supervisor has put in their places.
    enum Place {
        static let listener: Int32 = 4
        static let board: Int32 = 5
        static let crashText: Int32 = 6
        static let reports: Int32 = 7
    }

    /// The signal that makes Python's faulthandler write the stacks of all threads to `Place.crashText`; the bootstrap has
    /// told it so.
    static let stackSignal: Int32 = 63

    /// What the worker was told.
    let spec: WorkerSpec
    /// The control socket, on which the supervisor speaks.
    let control: PacketSocket
    /// Where the supervisor listens.
    let reports: PacketPipe
    /// Connections that wait for a request, and the listening socket.
    let poller: Poller
    /// Which connections there are.
    let connections: ConnectionTable
    /// Who may make them.
    let admission: Admission
    /// What each request thread is doing, for the supervisor and the monitor.
    let board: WorkerBoard
    /// Runs what needs Python's lock for threads that must not wait for it.
    let errands = PythonErrands()

    private let maximumRequests: Int
    /// Requests that were taken, and how many may be; counted only where there is a `maximum-requests`.
    private let requestsTaken = Atomic<Int>(0)
    private let mostRequests: Atomic<Int>
    /// Whether the worker cannot serve: what comes belongs to its successor. The time of that, in nanoseconds; 0: it can.
    private let useless = Atomic<UInt64>(0)
    private let threads: Locked<[Int: ThreadEntry]> = Locked([:])
    private let requestsActive = Atomic<Int>(0)
    /// Requests that were cut and whose threads have not come back.
    private let requestsLost = Atomic<Int>(0)
    private let endHolds = Atomic<Int>(0)
    private let activity = Atomic<Int64>(0)
    private let requestsEnded = Atomic<Int>(0)
    private let draining = Atomic<Bool>(false)
    /// When the process ends in any case, in milliseconds of the monotonic clock; 0: not decided.
    private let end = Atomic<Int64>(0)

    /// What others need to know of a request thread.
    private struct ThreadEntry {
        let thread: RequestThread
        /// The request that it runs.
        let request: CurrentRequest
    }

    /// Takes over the control socket and the pipe. `isRunOnce`: the process serves one request and no more.
    init(
        spec: WorkerSpec, isRunOnce: Bool, control: consuming PacketSocket, reports: consuming PacketPipe
    ) throws(SystemError) {
        self.spec = spec
        admission = Admission(spec)
        // httpd's children make no more connections at a time than there are threads.
        connections = ConnectionTable(mostNew: spec.threads + 64)
        let jitter = spec.maximumRequests > 0 ? Int.random(in: 0...max(spec.maximumRequestsJitter, 0)) : 0
        maximumRequests = spec.maximumRequests + jitter
        // `wsgi.run_once`: one request, and no more. Others serve on until the successor is there, up to twice as many.
        mostRequests = Atomic(isRunOnce ? 1 : 2 * maximumRequests)
        board = try WorkerBoard(mapping: Place.board, threads: max(spec.threads, 1))
        self.control = control
        self.reports = reports
        poller = try Poller()
    }

    /// Requests under way; those that were cut do not count.
    var active: Int { requestsActive.load(ordering: .sequentiallyConsistent) }

    /// Whether something is being done that is to be done before the process ends.
    var isEndHeld: Bool { endHolds.load(ordering: .sequentiallyConsistent) > 0 }

    /// Whether there is nothing under way, and nobody who could begin anything.
    var isQuiet: Bool {
        active == 0 && !isEndHeld && connections.count <= requestsLost.load(ordering: .sequentiallyConsistent)
    }

    /// When a request that counts has begun or ended last, in milliseconds of the monotonic clock; 0: never.
    var lastActivity: Int64 { activity.load(ordering: .relaxed) }

    /// Whether no further connection is accepted and each request is the last of its connection.
    var isDraining: Bool { draining.load(ordering: .sequentiallyConsistent) }

    // MARK: - Requests

    /// Enters a request thread, and names the place where it says which request it serves.
    func enter(_ thread: RequestThread, number: Int) -> CurrentRequest {
        let entry = ThreadEntry(thread: thread, request: CurrentRequest())
        threads.withLock { $0[number] = entry }
        return entry.request
    }

    /// The thread of this number.
    func thread(_ number: Int) -> RequestThread? { threads.withLock { $0[number]?.thread } }

    /// Whether the worker takes a request: not when it has served so many that its successor has to come first.
    ///
    /// - Parameter insists: There is no successor, so that this worker has to go on.
    func admits(insists: Bool) -> Bool {
        guard maximumRequests > 0 else { return true }
        let count = requestsTaken.add(1, ordering: .relaxed).newValue
        guard count > mostRequests.load(ordering: .relaxed) else { return true }
        if insists {
            mostRequests.max(count + maximumRequests - 1, ordering: .relaxed)
            return true
        }
        requestsTaken.subtract(1, ordering: .relaxed)
        askForSuccessor()
        return false
    }

    private func askForSuccessor() {
        retire(.maximumRequests, "it has served its maximum of \(maximumRequests) requests")
    }

    /// Whether the worker cannot serve.
    var isUseless: Bool { useless.load(ordering: .sequentiallyConsistent) != 0 }

    /// The worker cannot serve: it takes nothing more, and gives back what its application has not been entered with.
    ///
    /// - Returns: When that was, in nanoseconds. Requests that begin later give themselves back.
    func giveUp() -> UInt64 {
        let (isFirst, known) = useless.compareExchange(
            expected: 0, desired: Clock.nanoseconds(), ordering: .sequentiallyConsistent)
        if isFirst { beginDraining() }
        return isFirst ? useless.load(ordering: .sequentiallyConsistent) : known
    }

    /// A request that has begun is given back.
    func giveBackRequest(wasCut: Bool) {
        if wasCut { returnLost() } else { requestsActive.subtract(1, ordering: .sequentiallyConsistent) }
    }

    /// Does something that is to be done before the process ends, even when its last request ends meanwhile.
    func holdingEnd(_ body: () -> Void) {
        endHolds.add(1, ordering: .sequentiallyConsistent)
        body()
        endHolds.subtract(1, ordering: .sequentiallyConsistent)
        noteEnd()
    }

    /// A request begins at this time, in nanoseconds.
    func beginRequest(at now: UInt64, countsAsActivity: Bool) {
        requestsActive.add(1, ordering: .sequentiallyConsistent)
        if countsAsActivity { noteActivity(now) }
    }

    /// A request has ended. The worker asks for a successor each time that `maximum-requests` have been served.
    func endRequest(wasCut: Bool, countsAsActivity: Bool) {
        if !wasCut { requestsActive.subtract(1, ordering: .sequentiallyConsistent) }
        if countsAsActivity, spec.limits.inactivity > 0 { noteActivity(Clock.nanoseconds()) }
        let count = requestsEnded.add(1, ordering: .relaxed).newValue
        if count == 1 { ControlMessage.send(.served, on: reports) }
        guard maximumRequests > 0, count % maximumRequests == 0, !isDraining else { return }
        askForSuccessor()
    }

    private func noteActivity(_ now: UInt64) {
        activity.store(Int64(truncatingIfNeeded: now / 1_000_000), ordering: .relaxed)
    }

    /// Answers the client of a request without the request's thread, which keeps what it has of the connection.
    ///
    /// - Parameter started: When the request began, in nanoseconds. False: it has ended.
    func cut(thread: Int, started: UInt64, status: UInt16) -> Bool {
        let record = unsafe board.record(thread)
        guard let request = threads.withLock({ $0[thread]?.request }), unsafe wsgi_record_cut(record, started)
        else {
            return false
        }
        let socket = request.socket.value
        var frame = ByteBuffer(capacity: Frame.headerSize + Frame.statusSize)
        Frame.append(
            Frame.Header(
                kind: .error, length: Frame.statusSize, flags: Frame.threadLost,
                detail: UInt16(truncatingIfNeeded: request.number.value)), to: &frame)
        frame.append(status)
        // In the middle of something the thread is sending it would be taken for a part of that.
        if unsafe !wsgi_record_is_sending(record) { unsafe StreamSocket.sendAtOnce(socket, frame.bytes) }
        StreamSocket.shutDown(socket)
        requestsActive.subtract(1, ordering: .sequentiallyConsistent)
        requestsLost.add(1, ordering: .sequentiallyConsistent)
        unsafe wsgi_record_cut_done(record)
        noteEnd()
        return true
    }

    /// The thread of a request that was cut has come back.
    func returnLost() { requestsLost.subtract(1, ordering: .sequentiallyConsistent) }

    /// Asks the supervisor for a successor; any thread. Asking again meanwhile changes nothing.
    func retire(_ reason: ShutdownReason, _ text: String) {
        ControlMessage.send(retire: reason, text, on: reports)
    }

    /// Tells the main thread that something has ended, if it waits for that.
    func noteEnd() {
        if isDraining { SignalPipe.post(Note.ended) }
    }

    // MARK: - Accepting

    /// Begins to accept connections.
    func serve() throws(SystemError) {
        guard !isDraining else { return }
        // The socket is shared with the successor: a call that waited there could take a connection from it.
        try Descriptor.setBlocking(Place.listener, false)
        try poller.add(Place.listener, .nextInput, token: Self.listenerToken)
    }

    /// Stops accepting, and has every idle connection looked at: what was sent on it is served, then it is closed.
    func beginDraining() {
        guard !draining.exchange(true, ordering: .sequentiallyConsistent) else { return }
        poller.remove(Place.listener)
        // The successor has the socket too; when the slot was removed nobody may go on queueing here. The number stays
        // taken, because a thread may be about to accept.
        if let null = try? Descriptor.null() { try? Descriptor.replace(Place.listener, with: null.raw) }
        connections.forEachIdle { socket in
            // A socket that can be written to is an event: one of the threads takes the connection.
            poller.change(socket, [.readable, .writable, .once], token: UInt64(UInt32(bitPattern: socket)))
        }
    }

    /// Closes connections that no thread has come to take while the worker drains: all of them are busy.
    func closeIdle() { connections.forEachIdle(closeIdle) }

    /// Closes a connection if it is idle. A child that has sent a request on it meanwhile learns that it was not taken.
    func closeIdle(_ socket: Int32) {
        guard let taken = connections.take(socket) else { return }
        StreamSocket.shutDownReading(socket)
        var byte: UInt8 = 0
        let unread = unsafe withUnsafeMutableBytes(of: &byte) { unsafe StreamSocket.peek(socket, $0) }
        leave(socket, hasUnread: taken == .new || unread > 0)
    }

    /// Closes a connection that the calling thread has taken.
    ///
    /// - Parameter hasUnread: The other end is to be told that something was not taken (ECONNRESET).
    func leave(_ socket: Int32, hasUnread: Bool) {
        connections.leave(socket)
        CurrentProcess.guardFromForks(socket, false)
        if hasUnread { StreamSocket.abandon(socket) } else { StreamSocket.end(socket) }
        noteEnd()
    }

    // MARK: - The end

    /// Ends the process at this time, whatever it is doing then; an earlier time that was set stays.
    func endProcess(at time: Int64) {
        let before = end.load(ordering: .sequentiallyConsistent)
        guard before == 0 || time < before else { return }
        end.store(time, ordering: .sequentiallyConsistent)
        guard before == 0 else { return }
        let context = unsafe Unmanaged.passRetained(self).toOpaque()
        unsafe try? CurrentProcess.startThread(stackSize: 0, name: "wsgi-reaper", context: context) { context in
            guard let context = unsafe context else { return }
            unsafe Unmanaged<Worker>.fromOpaque(context).takeRetainedValue().waitForEnd()
        }
    }

    private func waitForEnd() -> Never {
        while true {
            let left = end.load(ordering: .sequentiallyConsistent) - Clock.milliseconds()
            if left <= 0 { CurrentProcess.exitAtOnce(0) }
            Clock.sleep(milliseconds: min(left, 100))
        }
    }
}

/// The request that a thread runs, as others need to know it.
final class CurrentRequest: Sendable {
    /// Its connection.
    let socket = AtomicNumber()
    /// Its number, which each frame of its answer has.
    let number = AtomicNumber()
}

/// A number that one thread changes and others read.
final class AtomicNumber: Sendable {
    private let number = Atomic<Int32>(-1)

    /// The number.
    var value: Int32 {
        get { number.load(ordering: .acquiring) }
        set { number.store(newValue, ordering: .releasing) }
    }
}
