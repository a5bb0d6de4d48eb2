internal import WSGICore

/// The place of one worker of a process group, as a state machine: no processes, no clock, no descriptors.
///
/// `handle` is the one transition function. It is told what happened and when, and answers with what is to be done, in
/// order. A worker is known by its generation. The rule behind everything: *the successor is ready before the
/// predecessor stops taking requests*, and at most one start is in flight. A slot that `isExclusive` is the exception:
/// its former worker ends first. Every start waits for its turn.
struct Slot {
    /// What a newer configuration has changed in the group.
    enum Change: Int, Comparable {
        /// Nothing.
        case none
        /// Its options.
        case definition
        /// Whom its processes run as, or their root: what runs may not go on.
        case rights

        static func < (one: Change, other: Change) -> Bool { one.rawValue < other.rawValue }
    }

    /// What becomes of the former worker while its successor starts.
    enum Replacement: Equatable {
        /// It serves until the successor is ready.
        case successorFirst
        /// It ends before the successor is started, because both cannot have something at the same time.
        case stopFirst
        /// The same, and it serves no requests.
        case service
    }

    /// Why a worker is started.
    enum Cause: Equatable {
        /// httpd was started.
        case first
        /// A restart of httpd has added the slot.
        case added
        /// The former worker ended, or could not be started.
        case ended
        /// The serving worker asked for a successor.
        case retired(ShutdownReason, String)
        /// httpd was restarted gracefully.
        case configuration(Change)
    }

    /// A start that waits for its turn.
    struct Wanted: Equatable {
        var cause: Cause
        /// A request waits for it.
        var isAwaited: Bool
    }

    /// A start in flight.
    struct Launch: Equatable {
        var generation: UInt32
        var cause: Cause
        var since: Int64
        /// It took too long and was killed.
        var isGivenUp = false
    }

    /// The worker that serves.
    struct Serving: Equatable {
        var generation: UInt32
        var since: Int64
        /// It says that it has served a request.
        var hasServed = false
        /// When it is replaced because of its age; `nil`: never.
        var restartAt: Int64?
    }

    /// What the slot is doing. Times are milliseconds of the monotonic clock.
    enum Phase: Equatable {
        /// Nothing runs and nothing was asked for yet.
        case empty
        /// Nobody serves; the start waits for its turn.
        case waiting
        /// A worker starts; nobody serves.
        case starting(Launch)
        /// A worker serves.
        case ready(Serving)
        /// A worker serves while its successor starts.
        case replacing(Serving, by: Launch)
        /// The former worker ends, and the next one starts for this reason when it has.
        case yielding(Cause)
        /// Nobody serves; the next start is delayed.
        case backingOff(until: Int64)
        /// Removed, or httpd stops: nothing will be started any more.
        case stopping
    }

    /// A worker that was told to end.
    struct Leaving: Equatable {
        var generation: UInt32
        var killAt: Int64
    }

    /// How long workers have, in seconds.
    struct Timeouts: Equatable {
        /// For requests under way, when they are replaced.
        var graceful: Int
        /// To end.
        var shutdown: Int
        /// As `graceful`, when a signal asked for it; 0: the same.
        var eviction = 0
        /// To become ready; 0: any time.
        var startup = 0
        /// To serve; 0: any time.
        var restartInterval = 0
    }

    /// What happened.
    enum Event: Equatable {
        /// A configuration arrived in which the slot exists.
        case configured(Change)
        /// The worker is up, its preloads are imported.
        case ready(generation: UInt32)
        /// The worker has served its first request.
        case served(generation: UInt32)
        /// The worker's process has ended, or could not be made.
        case ended(generation: UInt32)
        /// The worker asks for a successor.
        case retire(generation: UInt32, ShutdownReason, String)
        /// A script of the worker has changed.
        case changed(generation: UInt32, isAwaited: Bool)
        /// The start that is wanted may begin.
        case turn
        /// It would come to nothing.
        case pointless
        /// A script with which the last start has failed is another one now.
        case repaired
        /// The slot is not in the new configuration.
        case removed
        /// httpd stops.
        case stop
        /// Time has passed.
        case tick
    }

    /// What is to be done.
    enum Action: Equatable {
        /// Start a worker; `hasPredecessor`: it may refuse, because another one serves.
        case start(generation: UInt32, Cause, hasPredecessor: Bool)
        /// Enter the worker in the scoreboard as the one that serves.
        case publish(generation: UInt32)
        /// Enter in the scoreboard that nobody serves.
        case withdraw
        /// Tell who waits for a successor that there will be none.
        case refuse(Cause, count: Int)
        /// Tell the worker to accept connections.
        case serve(generation: UInt32)
        /// Tell the worker to end: `requests` seconds for those under way, `total` seconds for everything.
        case drain(generation: UInt32, requests: Int, total: Int)
        /// Kill the worker: its time is over.
        case kill(generation: UInt32)
        /// The next start waits, after this many failures; `starts`: starts that have failed are all that they were.
        case delayed(milliseconds: Int64, failures: Int, starts: Bool)
    }

    /// The cause of a replacement that runs changed code.
    static let changedCode = Cause.retired(.scriptReload, "a script has changed")

    /// A start that takes longer is given up when a newer configuration waits for its end.
    static let patience: Int64 = 30_000

    /// What the slot is doing.
    var phase = Phase.empty
    /// Workers on their way out.
    var leaving: [Leaving] = []
    /// The start that is wanted.
    var wanted: Wanted?
    /// Starts that failed, or workers that died early, in a row.
    var failures = 0
    /// Whether the last of them was a worker that had not served anything.
    var isFailing = false
    /// Those of them that were not ready.
    var failedStarts = 0
    /// Replacements that could not be started, in a row.
    var refusals = 0
    /// How long workers have to end.
    var timeouts: Timeouts
    /// What becomes of the former worker while its successor starts.
    var replacement = Replacement.successorFirst
    /// Why the first worker is started.
    let firstCause: Cause
    var nextGeneration: UInt32
    /// A configuration that arrived during a start: another start follows. The greatest change of several.
    var followedBy: Change?

    /// An empty slot whose first worker has the generation after `generation`.
    init(after generation: UInt32, timeouts: Timeouts, firstCause: Cause = .first) {
        nextGeneration = Self.following(generation)
        self.timeouts = timeouts
        self.firstCause = firstCause
    }

    /// Whether two workers must not run at the same time.
    var isExclusive: Bool { replacement != .successorFirst }

    /// The last generation that was used.
    var lastGeneration: UInt32 { nextGeneration &- 1 }

    /// The generation that serves.
    var serving: UInt32? {
        switch phase {
        case .ready(let serving), .replacing(let serving, by: _): serving.generation
        case .empty, .waiting, .starting, .yielding, .backingOff, .stopping: nil
        }
    }

    /// Whether a replacement is in flight on which others wait; not for ever on one that hangs.
    func isReplacing(at now: Int64) -> Bool {
        switch phase {
        case .replacing(_, by: let launch): now - launch.since < Self.patience
        case .yielding: true
        case .empty, .waiting, .starting, .ready, .backingOff, .stopping: false
        }
    }

    /// Whether a worker serves, or none is to.
    var isSettled: Bool { serving != nil || phase == .stopping }

    /// Whether nothing runs and nothing will.
    var isFinished: Bool { phase == .stopping && leaving.isEmpty }

    /// When `tick` is due next.
    var deadline: Int64? {
        var times = leaving.map(\.killAt)
        switch phase {
        case .backingOff(let until): times.append(until)
        case .starting(let launch): times += [startupEnd(launch)].compactMap { $0 }
        case .ready(let serving): times += [serving.restartAt].compactMap { $0 }
        case .replacing(_, by: let launch): times += [startupEnd(launch)].compactMap { $0 }
        case .empty, .waiting, .yielding, .stopping: break
        }
        return times.min()
    }

    /// Takes in what happened at `now` and answers with what is to be done.
    mutating func handle(_ event: Event, at now: Int64) -> [Action] {
        switch event {
        case .configured(let change): configured(change, now)
        case .ready(let generation): becameReady(generation, now)
        case .served(let generation): served(generation)
        case .ended(let generation): ended(generation, now)
        case .retire(let generation, let reason, let text): retire(generation, reason, text, now)
        case .changed(let generation, let isAwaited): changed(generation, isAwaited: isAwaited)
        case .turn: turn(now)
        case .pointless: drop()
        case .repaired: repaired()
        case .removed where replacement == .service: end(requests: timeouts.shutdown, total: timeouts.shutdown, now)
        case .removed: end(requests: timeouts.graceful, total: timeouts.graceful + timeouts.shutdown, now)
        case .stop: end(requests: timeouts.shutdown, total: timeouts.shutdown, now)
        case .tick: tick(now)
        }
    }
}
