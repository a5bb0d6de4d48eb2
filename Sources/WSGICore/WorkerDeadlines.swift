/// Decides which deadlines of a worker have expired, and which actions follow. It has no clock, threads or processes.
///
/// The worker's monitor calls `check` at least every second, carries out the returned actions in order, and sleeps
/// until `nextCheck`. All times are milliseconds of one monotonic clock. 0 disables a limit. Limits are independent of
/// each other.
public struct WorkerDeadlines {
    /// The limits.
    public struct Limits: Spec {
        /// How long a request may take.
        public var request: Int64 = 0
        /// How long a late request may continue after `RequestTimeout` was raised in it; 0: it is not raised.
        public var interrupt: Int64 = 0
        /// The maximum time from the first attempt to load a script to the first success.
        public var startup: Int64 = 0
        /// How long the worker may be idle, once it has served a request.
        public var inactivity: Int64 = 0
        /// How long the GIL may be unavailable.
        public var deadlock: Int64 = 0
        /// The maximum resident memory, in bytes; see `memorySamples`.
        public var memory: Int64 = 0

        /// The fields, in the order in which they are sent.
        public static let fields: [SpecField<Limits>] = [
            .field("request", \.request),
            .field("interrupt", \.interrupt),
            .field("startup", \.startup),
            .field("inactivity", \.inactivity),
            .field("deadlock", \.deadlock),
            .field("memory", \.memory),
        ]

        /// No limits.
        public init() {}

        /// Whether there is nothing to watch.
        public var isEmpty: Bool { self == Limits() || (interrupt > 0 && self == Limits(interrupt: interrupt)) }

        private init(interrupt: Int64) { self.interrupt = interrupt }
    }

    /// A request that is running.
    public struct Request: Equatable, Sendable {
        /// Its thread.
        public var thread: Int
        /// When it began.
        public var started: Int64
        /// Whether the worker has ended its response while it still runs.
        public var isCut: Bool

        /// Describes a request.
        public init(thread: Int, started: Int64, isCut: Bool = false) {
            self.thread = thread
            self.started = started
            self.isCut = isCut
        }
    }

    /// The state of the worker at one moment.
    public struct Facts: Equatable, Sendable {
        /// The running requests.
        public var requests: [Request] = []
        /// When the last request that counts began or ended; 0: there was none yet.
        public var lastActivity: Int64 = 0
        /// When the first attempt to load a script began, as long as none has succeeded; 0: otherwise.
        public var loadingSince: Int64 = 0
        /// When the current probe began to wait for the GIL; 0: there is no probe.
        public var probingSince: Int64 = 0
        /// Resident memory in bytes; 0: unknown.
        public var memory: Int64 = 0

        /// A worker that has done nothing.
        public init() {}
    }

    /// An action for the caller.
    public enum Action: Equatable, Sendable {
        /// Raise `RequestTimeout` in the request.
        case interrupt(Request)
        /// End the request's response without waiting for the application.
        case cut(Request, ShutdownReason)
        /// Ask for a successor.
        case retire(ShutdownReason)
        /// Probe whether the GIL can be acquired.
        case probe
    }

    /// How long to wait for a successor before asking for it again.
    public static let patience: Int64 = 30_000
    /// The maximum time between two checks, and between two probes.
    public static let pace: Int64 = 1_000
    /// How many samples in a row must exceed the maximum memory. They are `pace` apart.
    public static let memorySamples = 3

    private let limits: Limits
    /// When `RequestTimeout` was raised in the request that began at `started` on the thread.
    private var interrupted: [Int: (started: Int64, at: Int64)] = [:]
    private var retiredAt: Int64?
    /// A request was cut. Its thread is lost, so the worker asks for a successor until there is one.
    private var hasCut = false
    private var probedAt: Int64 = 0
    /// The samples in a row that exceeded the maximum memory, and when the last of them was counted.
    private var excess: (samples: Int, at: Int64) = (0, 0)
    /// When `check` is due next.
    public private(set) var nextCheck: Int64 = 0

    /// Watches these limits.
    public init(_ limits: Limits) { self.limits = limits }

    /// Whether `memory` of the facts is used.
    public var needsMemory: Bool { limits.memory > 0 }

    /// Returns the actions that are due at `now`.
    public mutating func check(_ facts: Facts, at now: Int64) -> [Action] {
        nextCheck = now + Self.pace
        var actions: [Action] = []
        let running = facts.requests.filter { !$0.isCut }
        interrupted = interrupted.filter { thread, entry in
            running.contains { $0.thread == thread && $0.started == entry.started }
        }
        if let reason = uselessness(facts, now) {
            actions += running.map { .cut($0, reason) }
            retire(reason, now, &actions)
            return actions
        }
        for request in running { check(request, now, &actions) }
        if hasCut { retire(.requestTimeout, now, &actions) }
        if limits.inactivity > 0, facts.lastActivity > 0, facts.requests.isEmpty,
            isOver(facts.lastActivity + limits.inactivity, now)
        {
            retire(.inactivityTimeout, now, &actions)
        }
        if exceedsMemory(facts, now) {
            retire(.maximumMemory, now, &actions)
        }
        if limits.deadlock > 0, !running.isEmpty, facts.probingSince == 0, isOver(probedAt + Self.pace, now) {
            probedAt = now
            actions.append(.probe)
        }
        return actions
    }

    /// Whether the worker has exceeded its maximum memory for long enough.
    private mutating func exceedsMemory(_ facts: Facts, _ now: Int64) -> Bool {
        guard limits.memory > 0, facts.memory > limits.memory, facts.lastActivity > 0 else {
            excess = (0, 0)
            return false
        }
        if excess.samples == 0 || isOver(excess.at + Self.pace, now) { excess = (excess.samples + 1, now) }
        return excess.samples >= Self.memorySamples
    }

    /// Why the worker cannot serve requests; `nil`: it can.
    private mutating func uselessness(_ facts: Facts, _ now: Int64) -> ShutdownReason? {
        if limits.deadlock > 0, facts.probingSince > 0, isOver(facts.probingSince + limits.deadlock, now) {
            return .deadlockTimeout
        }
        if limits.startup > 0, facts.loadingSince > 0, isOver(facts.loadingSince + limits.startup, now) {
            return .startupTimeout
        }
        return nil
    }

    private mutating func check(_ request: Request, _ now: Int64, _ actions: inout [Action]) {
        guard limits.request > 0, isOver(request.started + limits.request, now) else { return }
        if limits.interrupt > 0 {
            guard let entry = interrupted[request.thread] else {
                interrupted[request.thread] = (request.started, now)
                nextCheck = min(nextCheck, now + limits.interrupt)
                actions.append(.interrupt(request))
                return
            }
            guard isOver(entry.at + limits.interrupt, now) else { return }
        }
        actions.append(.cut(request, .requestTimeout))
        hasCut = true
        retiredAt = nil
    }

    private mutating func retire(_ reason: ShutdownReason, _ now: Int64, _ actions: inout [Action]) {
        if let retiredAt, now - retiredAt < Self.patience { return }
        retiredAt = now
        actions.append(.retire(reason))
    }

    /// Whether `time` has passed. If not, the next check is at `time` or earlier.
    private mutating func isOver(_ time: Int64, _ now: Int64) -> Bool {
        if time <= now { return true }
        nextCheck = min(nextCheck, time)
        return false
    }
}
