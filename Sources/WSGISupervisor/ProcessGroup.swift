internal import ProcessKit
internal import WSGICore
internal import WSGIWire

/// A process group that is running or ending: its configuration, its slots, and the scripts that its workers have
/// loaded.
final class ProcessGroup {
    /// One slot with the workers in it.
    final class Slot {
        /// Why the last successor has failed.
        struct Failure {
            let path: String
            let modified: Int64
            /// The last line of the traceback.
            let reason: String
            /// Number of attempts that have failed with this code.
            let count: Int
            /// Whether it needs a resource that another process holds.
            let isForLock: Bool
        }

        /// Index in the scoreboard.
        let index: UInt32
        /// Index of the listening socket among the configuration's descriptors.
        var listenerDescriptor: Int
        /// The state machine.
        var machine: SlotMachine
        /// Workers that have not been reaped, by generation.
        var workers: [UInt32: WorkerProcess] = [:]
        /// Changed scripts for which a successor was requested since the last one was ready, with the times of their
        /// files.
        var asked: [String: Int64] = [:]
        /// `asked` when the last start began.
        var tried: [String: Int64] = [:]
        /// Why the last start has failed; `nil`: it has not, or did not report why.
        var failure: Failure?
        /// Why the process of the last start could not be created; empty: it was created.
        var launchProblem = ""
        /// Number of starts that have failed since a worker of the present definition was last ready.
        var failedStarts = 0
        /// The scripts of the last start, with the times of their files.
        var code: [String: Int64] = [:]
        /// The scripts of the serving worker, with the times of their files.
        var servedCode: [String: Int64] = [:]
        /// Since when newer code could not be started, in microseconds since 1970; `nil`: the newest code serves.
        var staleSince: Int64?
        /// Scripts that the last starts could not import, with the times of their files. If the former worker has
        /// already ended, the next one serves without them.
        var broken: [String: Int64] = [:]
        /// Whether the next worker without a predecessor is started with the former definition.
        var usesFormerDefinition = false
        /// The reason for `usesFormerDefinition`.
        var fallbackReason: Failure?
        /// Whether requests wait for the current start.
        var isAwaited = false
        /// Whether a worker of this slot has served before.
        var hasServed = false
        /// Since when a start has been waiting for its turn; `nil`: none is.
        var waitsSince: Int64?
        /// When its scripts and its socket are checked next, as long as no worker is started.
        var lookAt: Int64 = 0

        /// An empty slot.
        init(
            _ spec: SlotSpec, after generation: UInt32, timeouts: SlotMachine.Timeouts,
            firstCause: SlotMachine.Cause = .first
        ) {
            index = spec.index
            listenerDescriptor = spec.listenerDescriptor
            machine = SlotMachine(after: generation, timeouts: timeouts, firstCause: firstCause)
        }
    }

    /// The present definition.
    private(set) var spec: GroupSpec
    /// The former definition, until a worker of the present one is ready; `nil`: one is, or there was no former
    /// definition.
    private(set) var former: GroupSpec?
    /// The configuration that owns the group's descriptors.
    private(set) var configuration: Configuration
    /// The slots. Removed slots stay until their workers have ended.
    var slots: [Slot] = []
    /// Scripts that requests have made workers load, oldest first.
    private(set) var learned: [ScriptSpec] = []
    /// Why processes could not be created. Each reason is logged once until a worker is ready or httpd is restarted.
    private var loggedProblems: Set<String> = []
    /// Scripts with which successors could not be started.
    var failedCode = FailedCode()
    /// What has happened to it, for metrics.
    var counters = GroupCounters()
    /// The state in the scoreboard; `nil`: none yet.
    var shownState: Scoreboard.GroupState?

    /// A group without slots.
    init(_ spec: GroupSpec, _ configuration: Configuration) {
        self.spec = spec
        self.configuration = configuration
    }

    /// The timeouts of its workers.
    var timeouts: SlotMachine.Timeouts { Self.timeouts(of: spec) }

    /// The timeouts of the workers of a group.
    static func timeouts(of spec: GroupSpec) -> SlotMachine.Timeouts {
        let worker = spec.process.worker ?? WorkerSpec()
        return SlotMachine.Timeouts(
            graceful: max(worker.gracefulTimeout, 0), shutdown: max(worker.shutdownTimeout, 0),
            eviction: max(worker.evictionTimeout, 0), startup: Int(clamping: worker.limits.startup / 1_000),
            restartInterval: max(spec.restartInterval, 0))
    }

    /// Its error log, with the level of its virtual host.
    var log: SupervisorLog {
        SupervisorLog(level: LogLevel(number: spec.process.worker?.logLevel ?? 4), descriptor: logDescriptor)
    }

    /// The descriptor of its error log; the supervisor's own if the configuration has none.
    var logDescriptor: Int32 { configuration.descriptor(spec.logDescriptor) ?? 2 }

    /// How its workers are replaced.
    var replacement: SlotMachine.Replacement { isService ? .service : spec.stopsFirst ? .stopFirst : .successorFirst }

    /// Applies a newer configuration. Returns which kind of change it makes.
    func update(_ newer: GroupSpec, _ configuration: Configuration) -> SlotMachine.Change {
        let change: SlotMachine.Change =
            Self.isSame(spec, newer) ? .none : spec.hasSameRights(as: newer) ? .definition : .rights
        if change == .definition, slots.contains(where: { $0.machine.serving != nil }) { former = former ?? spec }
        if change == .rights || former.map({ Self.isSame($0, newer) }) == true { former = nil }
        loggedProblems = []
        if spec.root != newer.root { learned = [] }
        if change != .none { failedCode.clear() }
        spec = newer
        self.configuration = configuration
        learned.removeAll { configuration.formerScripts.contains(spec.root + $0.path) }
        // Descriptors and indexes are those of the newer configuration.
        former?.index = newer.index
        former?.logDescriptor = newer.logDescriptor
        former?.slots = newer.slots
        return change
    }

    /// Records why a process could not be created. Returns whether that is to be logged: the reasons of further starts
    /// are in the messages about the delay of the next one.
    func noteLaunchProblem(_ reason: String, of slot: Slot) -> Bool {
        slot.launchProblem = reason
        if loggedProblems.count >= Self.mostProblems { loggedProblems = [] }
        return loggedProblems.insert(reason).inserted
    }

    /// Maximum number of reasons. Those about paths contain text of a site's user.
    private static let mostProblems = 64

    /// Records that a worker of this definition serves.
    func notePresent(_ served: GroupSpec) {
        loggedProblems = []
        if Self.isSame(served, spec) { former = nil }
    }

    /// Releases all descriptors except the log: the group was removed, and its sockets must not accept further
    /// connections.
    func keepOnlyLog() {
        guard let log = try? Descriptor.duplicate(logDescriptor) else { return }
        configuration = Configuration(spec: SupervisorSpec(), adopting: [log.release()])
        spec.logDescriptor = 0
    }

    /// Remembers a script that a worker has loaded, and drops the oldest if there are too many. Returns false if the
    /// script is already known.
    func learn(_ script: ScriptSpec) -> Bool {
        let isKnown = { (known: [ScriptSpec]) in known.contains(where: script.isSameApplication(as:)) }
        guard !isKnown(spec.process.preloads), !isKnown(learned) else { return false }
        if learned.count >= WorkerProcess.maximumLearned { learned.removeFirst() }
        learned.append(script)
        return true
    }

    /// Informs the workers of the other slots that a worker of this slot serves a script.
    func informOthers(_ script: ScriptSpec, than known: Slot) {
        for slot in slots where slot !== known {
            for worker in slot.workers.values where !worker.isDraining {
                try? ControlPacket.proven(script).send(on: worker.control)
            }
        }
    }

    /// Informs a worker that is about to serve of the scripts that workers of other slots serve and that it may not.
    func informOfProvenScripts(_ worker: WorkerProcess, of slot: Slot) {
        let others = slots.filter { $0 !== slot }.flatMap(\.workers.values).filter { $0.isReady && !$0.isDraining }
        for script in learned + worker.unusable
        where others.contains(where: { !$0.unusable.contains(where: script.isSameCode(as:)) }) {
            try? ControlPacket.proven(script).send(on: worker.control)
        }
    }

    /// Forgets the scripts that no longer exist according to `isGone`.
    func forget(where isGone: (ScriptSpec) -> Bool) { learned.removeAll(where: isGone) }

    /// The state of the group, derived from the phases of its slots.
    var state: Scoreboard.GroupState {
        var state = Scoreboard.GroupState.stopped
        for slot in slots {
            switch slot.machine.phase {
            case .ready, .replacing: return .serving
            case .starting, .waiting, .empty, .yielding: state = .starting
            case .backingOff where !slot.machine.isFailing: state = .starting
            case .backingOff: if state == .stopped { state = .failed }
            case .stopping: break
            }
        }
        return state
    }

    /// Whether two definitions describe the same processes, regardless of their places in the configuration and
    /// indexes.
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
