internal import ProcessKit
internal import Synchronization
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
        static let scoreboard: Int32 = 5
        static let crashText: Int32 = 6
    }

    /// What the worker was told.
    let spec: WorkerSpec
    /// The control socket.
    let control: PacketSocket
    /// Connections that wait for a request, and the listening socket.
    let poller: Poller
    /// Which connections there are.
    let connections = ConnectionTable()

    private let maximumRequests: Int
    private let requestsActive = Atomic<Int>(0)
    private let requestsEnded = Atomic<Int>(0)
    private let draining = Atomic<Bool>(false)
    /// When the process ends in any case, in milliseconds of the monotonic clock; 0: not decided.
    private let end = Atomic<Int64>(0)

    /// Takes over the control socket.
    init(spec: WorkerSpec, control: consuming PacketSocket) throws(SystemError) {
        self.spec = spec
        maximumRequests = spec.maximumRequests
        self.control = control
        poller = try Poller()
    }

    /// Requests under way.
    var active: Int { requestsActive.load(ordering: .sequentiallyConsistent) }

    /// Whether no further connection is accepted and each request is the last of its connection.
    var isDraining: Bool { draining.load(ordering: .sequentiallyConsistent) }

    /// A request begins.
    func beginRequest() { requestsActive.add(1, ordering: .sequentiallyConsistent) }

    /// A request has ended. The worker asks for a successor each time that `maximum-requests` have been served.
    func endRequest() {
        requestsActive.subtract(1, ordering: .sequentiallyConsistent)
        let count = requestsEnded.add(1, ordering: .relaxed).newValue
        if count == 1 { ControlMessage.send(.served, on: control) }
        guard maximumRequests > 0, count % maximumRequests == 0, !isDraining else { return }
        retire("it has served its maximum of \(maximumRequests) requests")
    }

    /// Asks the supervisor for a successor; any thread. Asking again meanwhile changes nothing.
    func retire(_ reason: String) { ControlMessage.send(.retire, text: reason, on: control) }

    /// Tells the main thread that something has ended, if it waits for that.
    func noteEnd() {
        if isDraining { SignalPipe.post(Note.ended) }
    }

    // MARK: - Accepting

    /// Begins to accept connections.
    func serve() {
        guard !isDraining else { return }
        // The socket is shared with the successor: a call that waited there could take a connection from it.
        try? Descriptor.setBlocking(Place.listener, false)
        try? poller.add(Place.listener, .nextInput, token: Self.listenerToken)
    }

    /// Stops accepting, and has every idle connection looked at: what was sent on it is served, then it is closed.
    func beginDraining() {
        draining.store(true, ordering: .sequentiallyConsistent)
        poller.remove(Place.listener)
        // The successor has the socket too; when the slot was removed nobody may go on queueing here. The number stays
        // taken, because a thread may be about to accept.
        if let null = try? Descriptor.null() { try? Descriptor.replace(Place.listener, with: null.raw) }
        connections.forEachIdle { socket in
            // A socket that can be written to is an event: one of the threads takes the connection.
            poller.change(socket, [.readable, .writable, .once], token: UInt64(UInt32(bitPattern: socket)))
        }
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
