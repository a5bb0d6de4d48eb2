internal import WSGICore

/// The place of one worker of a process group, as a state machine: no processes, no clock, no descriptors.
///
/// `handle` is the one transition function. It is told what happened and when, and answers with what is to be done, in
/// order. A worker is known by its generation. The rule behind everything: *the successor is ready before the
/// predecessor stops taking requests*, and at most one start is in flight.
struct Slot {
    /// Why a worker is started.
    enum Cause: Equatable {
        /// The slot is new, or its group was not running.
        case first
        /// The former worker ended, or could not be started.
        case ended
        /// The serving worker asked for a successor.
        case retired(ShutdownReason, String)
        /// httpd was restarted gracefully; `changed`: the group is not what it was, so the old worker goes in any case.
        case configuration(changed: Bool)
    }

    /// A replacement that waits for its turn.
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
        /// It has served a request, so its start was good.
        var isProven = false
        /// When it is replaced because of its age; `nil`: never.
        var restartAt: Int64?
    }

    /// What the slot is doing. Times are milliseconds of the monotonic clock.
    enum Phase: Equatable {
        /// Nothing runs and nothing was asked for yet.
        case empty
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
        case configured(changed: Bool)
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
        /// The replacement that is wanted may begin.
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
        /// The next start waits.
        case delayed(milliseconds: Int64, failures: Int)
    }

    /// The cause of a replacement that runs changed code.
    static let changedCode = Cause.retired(.scriptReload, "a script has changed")

    /// A start that takes longer is given up when a newer configuration waits for its end.
    static let patience: Int64 = 30_000

    /// What the slot is doing.
    private(set) var phase = Phase.empty
    /// Workers on their way out.
    private(set) var leaving: [Leaving] = []
    /// The replacement that is wanted.
    private(set) var wanted: Wanted?
    /// Starts that failed, or workers that died early, in a row.
    private(set) var failures = 0
    /// Replacements that could not be started, in a row.
    private(set) var refusals = 0
    /// How long workers have to end.
    var timeouts: Timeouts
    /// Two workers must not run at the same time: the old one ends before the new one starts.
    var isExclusive = false
    private var nextGeneration: UInt32
    /// A configuration that arrived during a start: another start follows. Changed, when one of several was.
    private var followedBy: Cause?

    /// An empty slot whose first worker has the generation after `generation`.
    init(after generation: UInt32, timeouts: Timeouts) {
        nextGeneration = Self.following(generation)
        self.timeouts = timeouts
    }

    /// The last generation that was used.
    var lastGeneration: UInt32 { nextGeneration &- 1 }

    /// The generation that serves.
    var serving: UInt32? {
        switch phase {
        case .ready(let serving), .replacing(let serving, by: _): serving.generation
        case .empty, .starting, .yielding, .backingOff, .stopping: nil
        }
    }

    /// Whether a replacement is in flight on which others wait; not for ever on one that hangs.
    func isReplacing(at now: Int64) -> Bool {
        switch phase {
        case .replacing(_, by: let launch): now - launch.since < Self.patience
        case .yielding: true
        case .empty, .starting, .ready, .backingOff, .stopping: false
        }
    }

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
        case .empty, .yielding, .stopping: break
        }
        return times.min()
    }

    /// Takes in what happened at `now` and answers with what is to be done.
    mutating func handle(_ event: Event, at now: Int64) -> [Action] {
        switch event {
        case .configured(let changed): configured(changed: changed, now)
        case .ready(let generation): becameReady(generation, now)
        case .served(let generation): served(generation)
        case .ended(let generation): ended(generation, now)
        case .retire(let generation, let reason, let text): retire(generation, reason, text, now)
        case .changed(let generation, let isAwaited): changed(generation, isAwaited: isAwaited)
        case .turn: turn(now)
        case .pointless: drop()
        case .repaired: repaired(now)
        case .removed where isExclusive: end(requests: timeouts.shutdown, total: timeouts.shutdown, now)
        case .removed: end(requests: timeouts.graceful, total: timeouts.graceful + timeouts.shutdown, now)
        case .stop: end(requests: timeouts.shutdown, total: timeouts.shutdown, now)
        case .tick: tick(now)
        }
    }

    // MARK: - Transitions

    private mutating func configured(changed: Bool, _ now: Int64) -> [Action] {
        let cause = Cause.configuration(changed: changed)
        switch phase {
        case .empty, .stopping:
            guard isExclusive, !leaving.isEmpty else { return begin(.first, now) }
            phase = .yielding(.first)
            return []
        case .yielding:
            return []
        case .backingOff:
            failures = 0
            return begin(cause, now)
        case .ready(let serving):
            return replace(serving, cause)
        case .starting(let launch), .replacing(_, by: let launch):
            if followedBy != .configuration(changed: true) { followedBy = cause }
            return now - launch.since > Self.patience ? [.kill(generation: launch.generation)] : []
        }
    }

    private mutating func becameReady(_ generation: UInt32, _ now: Int64) -> [Action] {
        var actions: [Action] = []
        switch phase {
        case .starting(let launch) where launch.generation == generation:
            break
        case .replacing(let old, by: let launch) where launch.generation == generation:
            actions.append(retireGracefully(old, launch.cause, now))
        case .empty, .starting, .ready, .replacing, .yielding, .backingOff, .stopping:
            return []
        }
        refusals = 0
        let serving = Serving(generation: generation, since: now, restartAt: nextRestart(now))
        phase = .ready(serving)
        actions += [.publish(generation: generation), .serve(generation: generation)]
        guard let cause = followedBy else { return actions }
        followedBy = nil
        return actions + replace(serving, cause)
    }

    private mutating func served(_ generation: UInt32) -> [Action] {
        switch phase {
        case .ready(var serving) where serving.generation == generation:
            serving.isProven = true
            phase = .ready(serving)
        case .replacing(var serving, by: let launch) where serving.generation == generation:
            serving.isProven = true
            phase = .replacing(serving, by: launch)
        case .empty, .starting, .ready, .replacing, .yielding, .backingOff, .stopping:
            break
        }
        return []
    }

    private mutating func ended(_ generation: UInt32, _ now: Int64) -> [Action] {
        if let index = leaving.firstIndex(where: { $0.generation == generation }) {
            leaving.remove(at: index)
            guard case .yielding(let cause) = phase, leaving.isEmpty else { return [] }
            return begin(cause, now)
        }
        switch phase {
        case .starting(let launch) where launch.generation == generation:
            return tryAgain(now)
        case .ready(let serving) where serving.generation == generation:
            let stable = isExclusive ? BackOff.longRun : BackOff.stableAfter
            if serving.isProven || now - serving.since >= stable { failures = 0 }
            return [.withdraw] + tryAgain(now)
        case .replacing(let serving, by: let launch) where serving.generation == generation:
            phase = .starting(launch)
            return [.withdraw]
        case .replacing(let serving, by: let launch) where launch.generation == generation:
            return successorFailed(serving, launch, now)
        case .empty, .starting, .ready, .replacing, .yielding, .backingOff, .stopping:
            return []
        }
    }

    private mutating func retire(
        _ generation: UInt32, _ reason: ShutdownReason, _ text: String, _ now: Int64
    ) -> [Action] {
        switch phase {
        case .ready(let serving) where serving.generation == generation:
            guard reason.leavesNothing else { return replace(serving, .retired(reason, text)) }
            return dismiss(serving, now) + tryAgain(now)
        case .replacing(let serving, by: let launch) where serving.generation == generation && reason.leavesNothing:
            phase = .starting(launch)
            return dismiss(serving, now)
        case .empty, .starting, .ready, .replacing, .yielding, .backingOff, .stopping:
            return []
        }
    }

    /// Takes a worker out of service that is of no use any more: nobody waits for its successor, or for its requests.
    private mutating func dismiss(_ serving: Serving, _ now: Int64) -> [Action] {
        if serving.isProven || now - serving.since >= BackOff.stableAfter { failures = 0 }
        leaving.append(Leaving(generation: serving.generation, killAt: now + 1_000))
        return [.withdraw, .drain(generation: serving.generation, requests: 0, total: 0)]
    }

    private mutating func changed(_ generation: UInt32, isAwaited: Bool) -> [Action] {
        guard case .ready(let serving) = phase, serving.generation == generation else { return [] }
        return replace(serving, Self.changedCode, isAwaited: isAwaited)
    }

    private mutating func turn(_ now: Int64) -> [Action] {
        guard case .ready(let serving) = phase, let wanted else { return [] }
        guard isExclusive else { return startSuccessor(serving, wanted.cause, now) }
        self.wanted = nil
        phase = .yielding(wanted.cause)
        let action = retire(serving, requests: timeouts.shutdown, total: timeouts.shutdown, now)
        return [.withdraw, action]
    }

    private mutating func drop() -> [Action] {
        wanted = nil
        return []
    }

    private mutating func repaired(_ now: Int64) -> [Action] {
        guard case .backingOff = phase else { return [] }
        failures = 0
        return begin(Self.changedCode, now)
    }

    private mutating func end(requests: Int, total: Int, _ now: Int64) -> [Action] {
        var actions: [Action] = []
        func tell(_ generation: UInt32) {
            actions.append(.drain(generation: generation, requests: requests, total: total))
        }
        /// It has no requests, and may be deep in an import.
        func abandon(_ launch: Launch) {
            actions.append(.drain(generation: launch.generation, requests: 0, total: 0))
            leaving.append(Leaving(generation: launch.generation, killAt: now + 1_000))
        }
        let killAt = now + Int64(total + 1) * 1_000
        // Those that leave already have no more time than the others.
        for index in leaving.indices where leaving[index].killAt > killAt {
            leaving[index].killAt = killAt
            tell(leaving[index].generation)
        }
        switch phase {
        case .empty, .yielding, .backingOff, .stopping:
            break
        case .starting(let launch):
            abandon(launch)
        case .ready(let serving):
            actions.append(.withdraw)
            tell(serving.generation)
            leaving.append(Leaving(generation: serving.generation, killAt: killAt))
        case .replacing(let serving, by: let launch):
            actions.append(.withdraw)
            tell(serving.generation)
            leaving.append(Leaving(generation: serving.generation, killAt: killAt))
            abandon(launch)
        }
        followedBy = nil
        wanted = nil
        phase = .stopping
        return actions
    }

    private mutating func tick(_ now: Int64) -> [Action] {
        var actions: [Action] = []
        for index in leaving.indices where leaving[index].killAt <= now {
            actions.append(.kill(generation: leaving[index].generation))
            // A killed process ends soon, unless the kernel holds it: then it is tried again.
            leaving[index].killAt = now + 5_000
        }
        switch phase {
        case .backingOff(let until) where until <= now:
            return actions + begin(.ended, now)
        case .starting(var launch) where (startupEnd(launch) ?? .max) <= now:
            launch.isGivenUp = true
            phase = .starting(launch)
            return actions + [.kill(generation: launch.generation)]
        case .replacing(let serving, by: var launch) where (startupEnd(launch) ?? .max) <= now:
            launch.isGivenUp = true
            phase = .replacing(serving, by: launch)
            return actions + [.kill(generation: launch.generation)]
        case .ready(var serving) where (serving.restartAt ?? .max) <= now:
            // It is asked for once; the slot's turn may be later.
            serving.restartAt = nil
            let text = "it has served for \(timeouts.restartInterval) s"
            return actions + replace(serving, .retired(.restartInterval, text))
        case .empty, .starting, .ready, .replacing, .yielding, .backingOff, .stopping:
            return actions
        }
    }

    /// When a start has taken too long; `nil`: never, or it was given up already.
    private func startupEnd(_ launch: Launch) -> Int64? {
        timeouts.startup > 0 && !launch.isGivenUp ? launch.since + Int64(timeouts.startup) * 1_000 : nil
    }

    /// When a worker that begins to serve now is to be replaced.
    private func nextRestart(_ now: Int64) -> Int64? {
        timeouts.restartInterval > 0 ? now + Int64(timeouts.restartInterval) * 1_000 : nil
    }

    // MARK: - Parts of transitions

    /// Starts a worker although nobody serves.
    private mutating func begin(_ cause: Cause, _ now: Int64) -> [Action] {
        let launch = Launch(generation: takeGeneration(), cause: cause, since: now)
        phase = .starting(launch)
        wanted = nil
        return [.start(generation: launch.generation, cause, hasPredecessor: false)]
    }

    /// Has the serving worker replaced when it is the slot's turn. A configuration outweighs other causes.
    private mutating func replace(_ serving: Serving, _ cause: Cause, isAwaited: Bool = false) -> [Action] {
        phase = .ready(serving)
        var cause = cause
        if let known = wanted?.cause {
            switch (known, cause) {
            case (.configuration(changed: true), _): cause = known
            case (_, .configuration): break
            case (_, _): cause = known
            }
        }
        wanted = Wanted(cause: cause, isAwaited: isAwaited || wanted?.isAwaited == true)
        return []
    }

    /// Starts a successor of the serving worker.
    private mutating func startSuccessor(_ serving: Serving, _ cause: Cause, _ now: Int64) -> [Action] {
        wanted = nil
        let launch = Launch(generation: takeGeneration(), cause: cause, since: now)
        phase = .replacing(serving, by: launch)
        return [.start(generation: launch.generation, cause, hasPredecessor: cause != .configuration(changed: true))]
    }

    /// The worker that should have served, or did, is gone.
    private mutating func tryAgain(_ now: Int64) -> [Action] {
        // The next start follows the newest configuration anyhow.
        if followedBy != nil { failures = 0 }
        followedBy = nil
        wanted = nil
        failures += 1
        let delay = BackOff.delay(failures: failures)
        guard delay > 0 else { return begin(.ended, now) }
        phase = .backingOff(until: now + delay)
        return [.delayed(milliseconds: delay, failures: failures)]
    }

    private mutating func successorFailed(_ serving: Serving, _ launch: Launch, _ now: Int64) -> [Action] {
        var serving = serving
        if (serving.restartAt ?? now) <= now { serving.restartAt = nextRestart(now) }
        phase = .ready(serving)
        if let cause = followedBy {
            followedBy = nil
            return replace(serving, cause)
        }
        guard launch.cause == .configuration(changed: true) else {
            refusals += 1
            return [.refuse(launch.cause, count: refusals)]
        }
        // The administrator wanted something else than what serves: it may not go on.
        return [.withdraw, retireGracefully(serving, launch.cause, now)] + tryAgain(now)
    }

    private mutating func retireGracefully(_ serving: Serving, _ cause: Cause, _ now: Int64) -> Action {
        var requests = timeouts.graceful
        if case .retired(.evictionSignal, _) = cause, timeouts.eviction > 0 { requests = timeouts.eviction }
        let total = requests + timeouts.shutdown
        return retire(serving, requests: requests, total: total, now)
    }

    private mutating func retire(_ serving: Serving, requests: Int, total: Int, _ now: Int64) -> Action {
        leaving.append(Leaving(generation: serving.generation, killAt: now + Int64(total + 1) * 1_000))
        return .drain(generation: serving.generation, requests: requests, total: total)
    }

    private mutating func takeGeneration() -> UInt32 {
        let generation = nextGeneration
        nextGeneration = Self.following(generation)
        return generation
    }

    /// The generation after this one; never 0, which means nobody.
    private static func following(_ generation: UInt32) -> UInt32 { generation == .max ? 1 : generation + 1 }
}
