internal import ProcessKit
internal import WSGICore
internal import WSGIWire

/// A process group that runs, or that ends: its configuration, its slots, and the scripts its workers have loaded.
final class ProcessGroup {
    /// One slot with the workers in it.
    final class Member {
        /// Index in the scoreboard.
        let index: UInt32
        /// Index of the listening socket among the configuration's descriptors.
        var listenerDescriptor: Int
        /// The state machine.
        var slot: Slot
        /// Workers that were not reaped, by generation.
        var workers: [UInt32: WorkerProcess] = [:]
        /// Changed scripts for which a successor was asked, with the times of their files: since the last one was ready,
        /// and when the last start began.
        var asked: [String: Int64] = [:]
        var tried: [String: Int64] = [:]
        /// Why the last start has failed; `nil`: it has not, or did not say.
        var problem: Problem?
        /// The scripts of the last start, with the times of their files.
        var code: [String: Int64] = [:]
        /// Scripts that the last starts could not import, with the times of their files; where the former worker has ended
        /// already, the next one serves without them.
        var broken: [String: Int64] = [:]
        /// The next worker that has no predecessor is started by the former definition.
        var usesFormerDefinition = false
        /// Why.
        var fallbackReason: Problem?
        /// Whether requests wait for the start that has its turn.
        var isAwaited = false
        /// Whether a worker of it has served: a start is not its first.
        var hasServed = false
        /// Since when a start waits for its turn; `nil`: none does.
        var waitsSince: Int64?
        /// When its code and its socket are looked at next, as long as nobody is started.
        var lookAt: Int64 = 0

        /// An empty slot.
        init(_ spec: SlotSpec, after generation: UInt32, timeouts: Slot.Timeouts, firstCause: Slot.Cause = .first) {
            index = spec.index
            listenerDescriptor = spec.listenerDescriptor
            slot = Slot(after: generation, timeouts: timeouts, firstCause: firstCause)
        }
    }

    /// The most scripts that are remembered of what workers say, in each place.
    static let maximumLearned = 64

    /// What the group is to be.
    private(set) var spec: GroupSpec
    /// What it was before, as long as no worker has come up as it is to be; `nil`: one has, or there was nothing before.
    private(set) var former: GroupSpec?
    /// Where its descriptors are.
    private(set) var configuration: Configuration
    /// Its slots; those that were removed stay until their workers have ended.
    var members: [Member] = []
    /// Scripts that requests have made workers load, oldest first.
    private(set) var learned: [ScriptSpec] = []
    /// Scripts with which successors could not be started.
    var failedCode = FailedCode()
    /// The state that the scoreboard has; `nil`: none yet.
    var shownState: Scoreboard.GroupState?

    /// A group without slots.
    init(_ spec: GroupSpec, _ configuration: Configuration) {
        self.spec = spec
        self.configuration = configuration
    }

    /// How long its workers have to end.
    var timeouts: Slot.Timeouts { Self.timeouts(of: spec) }

    /// How long workers of a group have to end.
    static func timeouts(of spec: GroupSpec) -> Slot.Timeouts {
        let worker = spec.process.worker ?? WorkerSpec()
        return Slot.Timeouts(
            graceful: max(worker.gracefulTimeout, 0), shutdown: max(worker.shutdownTimeout, 0),
            eviction: max(worker.evictionTimeout, 0), startup: Int(clamping: worker.limits.startup / 1_000),
            restartInterval: max(spec.restartInterval, 0))
    }

    /// Its error log; the supervisor's own when the configuration has none.
    var log: Int32 { configuration.descriptor(spec.logDescriptor) ?? 2 }

    /// What becomes of a worker while its successor starts.
    var replacement: Slot.Replacement { isService ? .service : spec.stopsFirst ? .stopFirst : .successorFirst }

    /// Takes over a newer configuration. Returns what it has changed.
    func update(_ newer: GroupSpec, _ configuration: Configuration) -> Slot.Change {
        let change: Slot.Change =
            Self.isSame(spec, newer) ? .none : spec.hasSameRights(as: newer) ? .definition : .rights
        if change == .definition, members.contains(where: { $0.slot.serving != nil }) { former = former ?? spec }
        if change == .rights || former.map({ Self.isSame($0, newer) }) == true { former = nil }
        if spec.root != newer.root { learned = [] }
        if change != .none { failedCode.clear() }
        spec = newer
        self.configuration = configuration
        learned.removeAll { configuration.formerScripts.contains(spec.root + $0.path) }
        // Descriptors and numbers are those of the newer configuration.
        former?.index = newer.index
        former?.logDescriptor = newer.logDescriptor
        former?.slots = newer.slots
        return change
    }

    /// A worker serves that was started by this definition.
    func notePresent(_ served: GroupSpec) {
        if Self.isSame(served, spec) { former = nil }
    }

    /// Lets go of everything but the log: the group was removed, and nobody may go on queueing at its sockets.
    func keepOnlyLog() {
        guard let log = try? Descriptor.duplicate(log) else { return }
        configuration = Configuration(spec: SupervisorSpec(), adopting: [log.release()])
        spec.logDescriptor = 0
    }

    /// Remembers a script that a worker has loaded; the oldest is forgotten when there are too many. False: it is known.
    func learn(_ script: ScriptSpec) -> Bool {
        let isKnown = { (known: [ScriptSpec]) in known.contains(where: script.isSameApplication(as:)) }
        guard !isKnown(spec.process.preloads), !isKnown(learned) else { return false }
        if learned.count >= Self.maximumLearned { learned.removeFirst() }
        learned.append(script)
        return true
    }

    /// Tells the workers of the other slots that one of this slot serves with a script.
    func tellOthers(_ script: ScriptSpec, than known: Member) {
        for member in members where member !== known {
            for worker in member.workers.values where !worker.isDraining {
                try? ControlPacket.proven(script).send(on: worker.control)
            }
        }
    }

    /// Tells a worker of a slot that is about to serve with which scripts those of the other slots do, and it may not.
    func tellWhatOthersServe(_ worker: WorkerProcess, of member: Member) {
        let others = members.filter { $0 !== member }.flatMap(\.workers.values).filter { $0.isReady && !$0.isDraining }
        for script in learned + worker.unusable
        where others.contains(where: { !$0.unusable.contains(where: script.isSameCode(as:)) }) {
            try? ControlPacket.proven(script).send(on: worker.control)
        }
    }

    /// Forgets the scripts that `isGone` says are not there any more.
    func forget(where isGone: (ScriptSpec) -> Bool) { learned.removeAll(where: isGone) }

    /// What the group is able to do, from what its slots are doing.
    var state: Scoreboard.GroupState {
        var state = Scoreboard.GroupState.stopped
        for member in members {
            switch member.slot.phase {
            case .ready, .replacing: return .serving
            case .starting, .waiting, .empty, .yielding: state = .starting
            case .backingOff where !member.slot.isFailing: state = .starting
            case .backingOff: if state == .stopped { state = .failed }
            case .stopping: break
            }
        }
        return state
    }

    /// Whether two definitions mean the same processes; where they were written and their numbers do not matter.
    private static func isSame(_ one: GroupSpec, _ other: GroupSpec) -> Bool {
        func essence(_ spec: GroupSpec) -> GroupSpec {
            var spec = spec
            spec.index = 0
            spec.origin = ""
            spec.logDescriptor = 0
            spec.slots = []
            spec.problem = ""
            return spec
        }
        return essence(one) == essence(other)
    }
}
