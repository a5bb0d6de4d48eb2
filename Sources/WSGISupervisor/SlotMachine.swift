internal import WSGICore

/// The slot of one worker of a process group, as a state machine without processes, clock or descriptors.
///
/// `handle` is the only transition function. It takes an event and its time, and returns the actions to carry out, in
/// order. A worker is identified by its generation. The invariants: *the successor is ready before the predecessor
/// stops accepting requests*, and at most one start is in progress. A slot that `isExclusive` is the exception: its
/// former worker ends first. Every start waits for its turn.
struct SlotMachine {
    /// The kind of change that a newer configuration makes to the group.
    enum Change: Int, Comparable {
        /// No change.
        case none
        /// Its options.
        case definition
        /// The user, groups or root of its processes: running workers must not continue.
        case rights

        static func < (one: Change, other: Change) -> Bool { one.rawValue < other.rawValue }
    }

    /// How a worker is replaced.
    enum Replacement: Equatable {
        /// The former worker serves until the successor is ready.
        case successorFirst
        /// The former worker ends before the successor is started, because both need an exclusive resource.
        case stopFirst
        /// As `stopFirst`, and workers serve no requests.
        case service
    }

    /// Why a worker is started.
    enum Cause: Equatable {
        /// httpd was started.
        case first
        /// A restart of httpd added the slot.
        case added
        /// The former worker ended, or could not be started.
        case ended
        /// The serving worker requested a successor.
        case retired(ShutdownReason, String)
        /// httpd was restarted gracefully.
        case configuration(Change)
    }

    /// A start that waits for its turn.
    struct Wanted: Equatable {
        var cause: Cause
        /// Whether a request waits for it.
        var isAwaited: Bool
    }

    /// A start in progress.
    struct Launch: Equatable {
        var generation: UInt32
        var cause: Cause
        var since: Int64
        /// Whether it took too long and was killed.
        var isGivenUp = false
    }

    /// The worker that serves.
    struct Serving: Equatable {
        var generation: UInt32
        var since: Int64
        /// When it is replaced because of its age; `nil`: never.
        var restartAt: Int64?
    }

    /// The phase of the slot. Times are milliseconds of the monotonic clock.
    enum Phase: Equatable {
        /// No worker runs, and none has been requested yet.
        case empty
        /// No worker serves. The start waits for its turn.
        case waiting
        /// A worker starts. No other worker serves.
        case starting(Launch)
        /// A worker serves.
        case ready(Serving)
        /// A worker serves while its successor starts.
        case replacing(Serving, by: Launch)
        /// The former worker is ending. When it has ended, the next one starts for this reason.
        case yielding(Cause)
        /// No worker serves. The next start is delayed.
        case backingOff(until: Int64)
        /// The slot was removed, or httpd stops. No further worker is started.
        case stopping
    }

    /// A worker that is ending.
    struct Leaving: Equatable {
        var generation: UInt32
        var killAt: Int64
    }

    /// The timeouts of workers, in seconds.
    struct Timeouts: Equatable {
        /// For running requests, when a worker is replaced.
        var graceful: Int
        /// To end.
        var shutdown: Int
        /// Instead of `graceful`, when a signal requested the replacement; 0: `graceful`.
        var eviction = 0
        /// To become ready; 0: no limit.
        var startup = 0
        /// To serve until it is replaced; 0: no limit.
        var restartInterval = 0
    }

    /// An event.
    enum Event: Equatable {
        /// A configuration that includes the slot has arrived.
        case configured(Change)
        /// The worker is ready, and has imported its preloads.
        case ready(generation: UInt32)
        /// The worker has served its first request.
        case served(generation: UInt32)
        /// The worker's process has ended, or could not be created.
        case ended(generation: UInt32)
        /// The worker requests a successor.
        case retire(generation: UInt32, ShutdownReason, String)
        /// A script of the worker has changed.
        case changed(generation: UInt32, isAwaited: Bool)
        /// The wanted start may begin.
        case turn
        /// The wanted start would fail.
        case pointless
        /// A script with which the last start failed has changed.
        case repaired
        /// The slot is not in the new configuration.
        case removed
        /// httpd stops.
        case stop
        /// A deadline has passed.
        case tick
    }

    /// An action for the supervisor.
    enum Action: Equatable {
        /// Start a worker; `hasPredecessor`: it may fail to start, because another worker serves.
        case start(generation: UInt32, Cause, hasPredecessor: Bool)
        /// Enter the worker in the scoreboard as the serving one.
        case publish(generation: UInt32)
        /// Enter in the scoreboard that no worker serves.
        case withdraw
        /// Notify requests that wait for a successor that there will be none.
        case replacementFailed(Cause, count: Int)
        /// Have the worker accept connections.
        case serve(generation: UInt32)
        /// Have the worker end, within `requests` seconds for running requests and `total` seconds altogether. The worker
        /// passes the reason to its applications.
        case drain(generation: UInt32, requests: Int, total: Int, because: ShutdownReason = .shutdownSignal)
        /// Kill the worker, because its time is over.
        case kill(generation: UInt32)
        /// The next start is delayed after this number of failures; `starts`: all of them were failed starts.
        case delayed(milliseconds: Int64, failures: Int, starts: Bool)
    }

    /// The cause of a replacement that runs changed code.
    static let changedCode = Cause.retired(.scriptReload, "a script has changed")

    /// Time after which a start is abandoned if a newer configuration waits for its end.
    static let patience: Int64 = 30_000

    /// The present phase.
    var phase = Phase.empty
    /// Workers that are ending.
    var leaving: [Leaving] = []
    /// The start that is wanted.
    var wanted: Wanted?
    /// Number of failures in a row: starts that failed, and workers that ended early.
    var failures = 0
    /// Whether a worker has served a request since the last failed start: crashes are caused by requests then.
    var codeHasServed = false
    /// Whether the last failure was a failed start, or a worker whose code has never served a request.
    var isFailing = false
    /// Those of `failures` that never became ready.
    var failedStarts = 0
    /// Number of replacements in a row that could not be started.
    var failedReplacements = 0
    /// The timeouts of workers.
    var timeouts: Timeouts
    /// How workers are replaced.
    var replacement = Replacement.successorFirst
    /// Why the first worker is started.
    let firstCause: Cause
    var nextGeneration: UInt32
    /// The greatest change of the configurations that arrived during a start. Another start follows.
    var followedBy: Change?

    /// An empty slot whose first worker has the generation after `generation`.
    init(after generation: UInt32, timeouts: Timeouts, firstCause: Cause = .first) {
        nextGeneration = Self.following(generation)
        self.timeouts = timeouts
        self.firstCause = firstCause
    }

    /// Whether two workers may not run at the same time.
    var isExclusive: Bool { replacement != .successorFirst }

    /// The last generation that was used.
    var lastGeneration: UInt32 { nextGeneration &- 1 }

    /// The serving generation.
    var serving: UInt32? {
        switch phase {
        case .ready(let serving), .replacing(let serving, by: _): serving.generation
        case .empty, .waiting, .starting, .yielding, .backingOff, .stopping: nil
        }
    }

    /// Whether a replacement is in progress that other slots wait for. They wait no longer than `patience`.
    func isReplacing(at now: Int64) -> Bool {
        switch phase {
        case .replacing(_, by: let launch): now - launch.since < Self.patience
        case .yielding: true
        case .empty, .waiting, .starting, .ready, .backingOff, .stopping: false
        }
    }

    /// Whether a worker serves, or none is to serve.
    var isSettled: Bool { serving != nil || phase == .stopping }

    /// Whether no worker runs, and none will be started.
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

    /// Processes an event at `now` and returns the actions to carry out.
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

    /// The generation after this one; never 0, which stands for no worker.
    static func following(_ generation: UInt32) -> UInt32 { generation == .max ? 1 : generation + 1 }
}
