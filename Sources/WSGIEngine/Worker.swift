internal import CSharedMemory
internal import ProcessKit
internal import Synchronization
internal import WSGIAdapter
internal import WSGICore
internal import WSGIWire

/// The state shared by the threads of a daemon process: its sockets, its limits and common counters.
///
/// The main thread creates it before there are others. Everything that changes later is atomic.
final class Worker: Sendable {
    /// Events in the signal pipe other than signals.
    enum Note {
        /// A request or a connection has ended while the worker drains.
        static let ended: UInt8 = 200
    }

    /// The token of the listening socket; a connection's is its descriptor.
    static let listenerToken: UInt64 = 1 << 32
    /// The worker's settings.
    let spec: WorkerSpec
    /// The control socket to the supervisor.
    let control: PacketSocket
    /// The pipe for reports to the supervisor.
    let reports: PacketPipe
    /// Polls the listening socket and the connections that wait for a request.
    let poller: Poller
    /// The state of the connections.
    let connections: ConnectionTable
    /// The access control of connections.
    let admission: Admission
    /// The current request of each thread, for the supervisor and the monitor.
    let board: RequestBoard
    /// Runs work that needs the GIL for threads that must not wait for it.
    let errands = PythonErrands()

    private let maximumRequests: Int
    /// The number of requests taken, and its limit; counted only with `maximum-requests`.
    private let requestsTaken = Atomic<Int>(0)
    private let mostRequests: Atomic<Int>
    /// The time since which the worker cannot serve, in nanoseconds; 0: it can. Later requests are for its successor.
    private let useless = Atomic<UInt64>(0)
    private let threads: Locked<[Int: ThreadEntry]> = Locked([:])
    private let requestsActive = Atomic<Int>(0)
    /// Requests that were cut and whose threads have not returned.
    private let requestsLost = Atomic<Int>(0)
    private let endHolds = Atomic<Int>(0)
    private let activity = Atomic<Int64>(0)
    private let requestsEnded = Atomic<Int>(0)
    private let draining = Atomic<Bool>(false)
    /// The time when the process ends unconditionally, in milliseconds of the monotonic clock; 0: not set.
    private let end = Atomic<Int64>(0)

    /// The data of a request thread that other threads use.
    private struct ThreadEntry {
        let thread: RequestThread
        /// The request that it runs.
        let request: CurrentRequest
    }

    /// Takes over the control socket and the pipe. `isRunOnce`: the process serves only one request.
    init(
        spec: WorkerSpec, isRunOnce: Bool, board: RequestBoard, control: consuming PacketSocket,
        reports: consuming PacketPipe
    ) throws(SystemError) {
        self.spec = spec
        admission = Admission(spec)
        // httpd's children open no more connections at a time than there are threads.
        connections = ConnectionTable(mostNew: spec.threads + 64)
        let jitter = spec.maximumRequests > 0 ? Int.random(in: 0...max(spec.maximumRequestsJitter, 0)) : 0
        maximumRequests = spec.maximumRequests + jitter
        // `wsgi.run_once`: only one request. Otherwise the worker serves until its successor is ready, up to twice as
        // many.
        mostRequests = Atomic(isRunOnce ? 1 : 2 * maximumRequests)
        self.board = board
        self.control = control
        self.reports = reports
        poller = try Poller()
    }

    /// Requests under way, except those that were cut.
    var active: Int { requestsActive.load(ordering: .sequentiallyConsistent) }

    /// Whether work is in progress that must be completed before the process ends.
    var isEndHeld: Bool { endHolds.load(ordering: .sequentiallyConsistent) > 0 }

    /// Whether no work is under way and no thread can begin any.
    var isQuiet: Bool {
        active == 0 && !isEndHeld && connections.count <= requestsLost.load(ordering: .sequentiallyConsistent)
    }

    /// The time when a request that counts last began or ended, in milliseconds of the monotonic clock; 0: never.
    var lastActivity: Int64 { activity.load(ordering: .relaxed) }

    /// Whether no more connections are accepted and each request is the last of its connection.
    var isDraining: Bool { draining.load(ordering: .sequentiallyConsistent) }

    // MARK: - Requests

    /// Registers a request thread. Returns the place where the thread stores its current request.
    func enter(_ thread: RequestThread, number: Int) -> CurrentRequest {
        let entry = ThreadEntry(thread: thread, request: CurrentRequest())
        threads.withLock { $0[number] = entry }
        return entry.request
    }

    /// The thread with this number.
    func thread(_ number: Int) -> RequestThread? { threads.withLock { $0[number]?.thread } }

    /// Whether the worker takes a request. False if it has served so many that its successor must start first.
    ///
    /// - Parameter insists: Whether there is no successor, so that this worker has to serve it.
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

    /// Marks the worker as unable to serve. It takes no more requests, and returns those that have not entered the
    /// application.
    ///
    /// - Returns: The time, in nanoseconds. Requests that begin later are returned by their threads.
    func giveUp() -> UInt64 {
        let (isFirst, known) = useless.compareExchange(
            expected: 0, desired: Clock.nanoseconds(), ordering: .sequentiallyConsistent)
        if isFirst { beginDraining() }
        return isFirst ? useless.load(ordering: .sequentiallyConsistent) : known
    }

    /// Called when a request that has begun is returned.
    func giveBackRequest(wasCut: Bool) {
        if wasCut { returnLost() } else { requestsActive.subtract(1, ordering: .sequentiallyConsistent) }
    }

    /// Runs `body`, which must be completed before the process ends, even if its last request ends meanwhile.
    func holdingEnd(_ body: () -> Void) {
        endHolds.add(1, ordering: .sequentiallyConsistent)
        body()
        endHolds.subtract(1, ordering: .sequentiallyConsistent)
        noteEnd()
    }

    /// Called when a request begins, with the time in nanoseconds.
    func beginRequest(at now: UInt64, countsAsActivity: Bool) {
        requestsActive.add(1, ordering: .sequentiallyConsistent)
        if countsAsActivity { noteActivity(now) }
    }

    /// Called when a request has ended. The worker requests a successor each time it has served `maximum-requests`.
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

    /// Answers the client of a request without the request's thread, which keeps its own state of the connection.
    ///
    /// - Parameter started: The time when the request began, in nanoseconds. False: it has ended.
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
        // In the middle of a frame that the thread is sending, it would be read as part of that frame.
        if unsafe !wsgi_record_is_sending(record) { unsafe StreamSocket.sendAtOnce(socket, frame.bytes) }
        StreamSocket.shutDown(socket)
        requestsActive.subtract(1, ordering: .sequentiallyConsistent)
        requestsLost.add(1, ordering: .sequentiallyConsistent)
        unsafe wsgi_record_cut_done(record)
        noteEnd()
        return true
    }

    /// Called when the thread of a request that was cut has returned.
    func returnLost() { requestsLost.subtract(1, ordering: .sequentiallyConsistent) }

    /// Requests a successor from the supervisor; any thread. Repeated requests have no effect.
    func retire(_ reason: ShutdownReason, _ text: String) {
        ControlMessage.send(retire: reason, text, on: reports)
    }

    /// Notifies the main thread that something has ended, if it waits for that.
    func noteEnd() {
        if isDraining { SignalPipe.post(Note.ended) }
    }

    // MARK: - Accepting

    /// Begins to accept connections.
    func serve() throws(SystemError) {
        guard !isDraining else { return }
        // The socket is shared with the successor. A blocking call could take a connection from it.
        try Descriptor.setBlocking(WorkerDescriptors.listener, false)
        try poller.add(WorkerDescriptors.listener, .nextInput, token: Self.listenerToken)
    }

    /// Stops accepting and has every idle connection checked: a request that was sent on it is served, then it is
    /// closed.
    func beginDraining() {
        guard !draining.exchange(true, ordering: .sequentiallyConsistent) else { return }
        poller.remove(WorkerDescriptors.listener)
        // The successor has the socket too. If the slot was removed, no connection may be queued here any longer. The
        // number stays in use, because a thread may be about to accept.
        if let null = try? Descriptor.null() { try? Descriptor.replace(WorkerDescriptors.listener, with: null.raw) }
        connections.forEachIdle { socket in
            // A writable socket is an event: one of the threads takes the connection.
            poller.change(socket, [.readable, .writable, .once], token: UInt64(UInt32(bitPattern: socket)))
        }
    }

    /// Closes connections that no thread has taken while the worker drains, because all threads are busy.
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
    /// - Parameter hasUnread: Whether the other end must learn that data was not read (ECONNRESET).
    func leave(_ socket: Int32, hasUnread: Bool) {
        connections.leave(socket)
        CurrentProcess.guardFromForks(socket, false)
        if hasUnread { StreamSocket.abandon(socket) } else { StreamSocket.end(socket) }
        noteEnd()
    }

    // MARK: - The end

    /// Ends the process unconditionally at this time. An earlier time that was set is kept.
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

/// A thread's current request, for other threads.
final class CurrentRequest: Sendable {
    /// Its connection.
    let socket = AtomicNumber()
    /// Its number, which each frame of its response carries.
    let number = AtomicNumber()
}

/// A number that one thread writes and others read.
final class AtomicNumber: Sendable {
    private let number = Atomic<Int32>(-1)

    /// The number.
    var value: Int32 {
        get { number.load(ordering: .acquiring) }
        set { number.store(newValue, ordering: .releasing) }
    }
}
