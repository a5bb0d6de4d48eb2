internal import ProcessKit
internal import WSGICore
internal import WSGIWire

/// Starts, watches, drains and replaces the workers of all process groups: one thread, one event loop.
///
/// It passes events to the state machines of the slots (`SlotMachine`) and carries out the actions that they return.
final class Supervisor {
    typealias Slot = ProcessGroup.Slot

    /// The tokens of the poller. Workers follow, with four tokens each.
    enum Token {
        static let control: UInt64 = 0
        static let signals: UInt64 = 1
        static let parent: UInt64 = 2
        static let questions: UInt64 = 3
        static let firstWorker: UInt64 = 8

        /// The number of tokens of a worker, a power of two: its process, and the following.
        static let count: UInt64 = 4
        /// Its reports.
        static let reports: UInt64 = 1
        /// The result of its start.
        static let launch: UInt64 = 2
        /// Its control socket, which can only hang up.
        static let hangup: UInt64 = 3
    }

    /// A worker with its slot and group.
    struct Home {
        let group: ProcessGroup
        let slot: Slot
        let worker: WorkerProcess
    }

    let control: PacketSocket
    let parent: ProcessHandle
    let scoreboard: Scoreboard
    /// The status for httpd's parent.
    let status: SupervisorStatus
    let poller: Poller
    /// The questions of httpd's children, and where they find the answer; `nil`: there are none.
    let answers: InspectionAnswers?
    /// When facts are published.
    var schedule = FactsSchedule()
    /// When the supervisor was started, in milliseconds of the monotonic clock.
    let started = Clock.milliseconds()
    private let signals: SignalPipe
    /// Workers that have sent too many packets at once, ordered by the time at which reading resumes.
    var paused: [(token: UInt64, until: Int64)] = []
    /// Workers that have a deadline.
    var watched: Set<UInt64> = []
    /// Processes that were killed because they could not be watched.
    private var doomed: [WorkerProcess] = []
    /// Processes that outlive the worker that started them, until they end or are killed.
    var orphans: [Orphans] = []
    /// The state of the search for processes that have left the session of their worker.
    var strays = Strays()
    /// Deadline for the next configuration while httpd restarts; `nil`: none is due.
    var configurationDue: Int64?
    /// Maximum number of workers that start at a time.
    var startLimit = CurrentProcess.processors
    /// Whether a configuration was applied before the present one.
    var isConfigured = false
    private let launcher: WorkerLauncher
    var log = SupervisorLog()

    /// All groups, including removed ones until their workers have ended.
    var groups: [ProcessGroup] = []
    var homes: [UInt64: Home] = [:]
    /// Descriptors for the next configuration.
    var arrived: [Int32] = []
    /// Whether some descriptors could not be received.
    var lacksDescriptors = false
    /// The last generation used in each slot of the scoreboard.
    var generations: [UInt32: UInt32] = [:]
    private var nextToken = Token.firstWorker
    /// When descriptors of former configurations are closed next.
    private var closeAt: Int64 = 0
    var isStopping = false

    /// Takes over the objects that the httpd parent has passed on.
    ///
    /// - Parameters:
    ///   - signals: SIGTERM and SIGINT, which stop all process groups.
    ///   - openFiles: The workers' limit of open descriptors.
    init(
        control: consuming PacketSocket, parent: consuming ProcessHandle, scoreboard: consuming Scoreboard,
        status: SupervisorStatus, answers: InspectionAnswers?, signals: consuming SignalPipe, openFiles: UInt64
    ) throws(SystemError) {
        poller = try Poller()
        try poller.add(control.raw, .readable, token: Token.control)
        try poller.add(signals.raw, .readable, token: Token.signals)
        try poller.add(parent.raw, .readable, token: Token.parent)
        if let answers { try poller.add(answers.questions.raw, .readable, token: Token.questions) }
        self.answers = answers
        self.control = control
        self.parent = parent
        self.scoreboard = scoreboard
        self.status = status
        self.signals = signals
        launcher = WorkerLauncher(openFiles: openFiles)
    }

    /// Runs until httpd has stopped and every worker has ended.
    func run() {
        while !(isStopping && homes.isEmpty && !isEndingOrphans) {
            status.beat()
            switch poller.wait(milliseconds: waitingTime()) {
            case .ready(let token, _): dispatch(token)
            case .timeout, .interrupted: break
            case .broken:
                log.write(.supervisorFailed, level: .critical, "The supervisor cannot wait for events and ends.")
                return
            }
            passTime()
        }
    }

    // MARK: - Events

    /// Interval at which slots whose next start is delayed are checked, in milliseconds.
    private static let codeInterval: Int64 = 200

    /// Milliseconds until the next deadline, at most a second because of the heartbeat.
    private func waitingTime() -> Int32 {
        let now = Clock.milliseconds()
        var next = isEndingOrphans ? strays.lookAt : now + 1_000
        if let due = schedule.due { next = min(next, due) }
        if let first = paused.first { next = min(next, first.until) }
        for token in watched { next = min(next, homes[token]?.worker.deadline ?? .max) }
        for group in groups {
            for slot in group.slots {
                if let deadline = slot.machine.deadline { next = min(next, deadline) }
                if case .backingOff = slot.machine.phase { next = min(next, slot.lookAt) }
            }
        }
        return Int32(clamping: max(next - now, 0))
    }

    private func dispatch(_ token: UInt64) {
        switch token {
        case Token.control: receiveFromParent()
        case Token.questions: receiveQuestions()
        case Token.signals:
            while signals.next() != nil { stop("the supervisor received a signal") }
        case Token.parent:
            poller.remove(parent.raw)
            stop("httpd's parent process has ended")
            removeSockets()
        default:
            guard let home = homes[token & ~(Token.count - 1)] else { return }
            switch token & (Token.count - 1) {
            case Token.reports: receive(from: home)
            case Token.launch: noteLaunch(of: home)
            case Token.hangup: lose(home)
            default: end(home)
            }
        }
    }

    private func passTime() {
        let now = Clock.milliseconds()
        resume(at: now)
        watch(at: now)
        doomed.removeAll { $0.process.reap() != nil }
        lookAtUnserved(at: now)
        for group in groups {
            for slot in group.slots {
                guard let deadline = slot.machine.deadline, deadline <= now else { continue }
                handle(.tick, group, slot)
            }
        }
        noteMissingConfiguration(at: now)
        beginStarts()
        clearOrphans(at: now)
        reapStrays(at: now)
        if now >= closeAt, !Configuration.closeUnused() { closeAt = now + Self.codeInterval }
        sampleThreads(at: now)
        publishFacts(at: now)
        FileView.rest(after: 1_000)
        groups.removeAll { group in
            group.slots.removeAll { $0.machine.isFinished && $0.workers.isEmpty }
            return group.slots.isEmpty && group.shownState == .stopped
        }
    }

    /// Checks slots whose next start is delayed. Their pending connections are closed, so that the requests go to
    /// another slot or are answered at once.
    private func lookAtUnserved(at now: Int64) {
        var listeners: [Int32] = []
        for group in groups {
            for slot in group.slots {
                guard case .backingOff = slot.machine.phase, now >= slot.lookAt else { continue }
                slot.lookAt = now + Self.codeInterval
                if let listener = group.configuration.descriptor(slot.listenerDescriptor) {
                    listeners.append(listener)
                }
                if group.hasChanged(slot) { handle(.repaired, group, slot) }
            }
        }
        StreamSocket.turnAway(listeners, isRepeated: true)
    }

    // MARK: - Workers

    /// Handles the end of a worker's process.
    private func end(_ home: Home) {
        guard home.worker.process.ends(within: 0) else { return }
        let worker = home.worker
        noteLaunch(of: home)
        // A process that never ran its program has started no others.
        let seen = worker.launchProblem == nil ? ProcessFacts.all() : []
        let usage = ProcessUsage(worker.process.id, countsFiles: false)
        guard let ending = worker.process.reap() else { return }
        home.group.counters.cpu += Int64(clamping: usage.cpu)
        SupervisorLog.count(worker.boardContents.messages)
        receiveLast(from: home)
        for raw in [worker.process.raw, worker.control.raw, worker.reports.raw] { poller.remove(raw) }
        homes[worker.token] = nil
        watched.remove(worker.token)
        home.slot.workers[worker.generation] = nil
        let bit = worker.generation % Scoreboard.runningGenerations
        if !home.slot.workers.keys.contains(where: { $0 % Scoreboard.runningGenerations == bit }) {
            scoreboard.setRunning(home.slot.index, generation: worker.generation, false)
        }
        let report = WorkerReport(worker, of: home.group, slot: home.slot)
        let id = worker.process.id
        endOrphans(seen.filter { $0.session == id && $0.id != id && !$0.hasEnded })
        // Before its successor is started, which may have the same start time as a process that this worker has
        // started.
        if worker.launchProblem == nil { endStrays(seen, at: Clock.milliseconds()) } else { strays.isDue = true }
        if let problem = worker.launchProblem {
            logProblem(problem, home.group, home.slot)
            home.group.noteDeath(of: home.slot, at: Clock.milliseconds())
        } else if let failure = worker.failure {
            // Further failures are counted by the message about the successor that follows.
            if home.group.noteFailure(failure, of: home.slot) == 1 { report.failed(failure) }
        } else {
            if !worker.isReady, !worker.isDraining { home.group.noteDeath(of: home.slot, at: Clock.milliseconds()) }
            if let kind = report.ended(ending) { home.group.counters.count(crash: kind) }
        }
        if !worker.isReady, !worker.isDraining { home.group.noteFailedStart(of: home.slot) }
        handle(.ended(generation: worker.generation), home.group, home.slot)
    }

    // MARK: - Slots

    /// Passes an event to a slot and carries out the actions that it returns.
    func handle(_ event: SlotMachine.Event, _ group: ProcessGroup, _ slot: Slot) {
        var events = [event]
        while let event = events.popLast() {
            for action in slot.machine.handle(event, at: Clock.milliseconds()) {
                if let next = perform(action, group, slot) { events.append(next) }
            }
            generations[slot.index] = slot.machine.lastGeneration
        }
        show(group)
    }

    /// Carries out an action. Returns the event that it causes immediately, if any.
    private func perform(_ action: SlotMachine.Action, _ group: ProcessGroup, _ slot: Slot) -> SlotMachine.Event? {
        switch action {
        case .start(let generation, let cause, let hasPredecessor):
            return start(generation, cause, hasPredecessor, group, slot)
        case .publish(let generation):
            guard let worker = slot.workers[generation] else { return nil }
            scoreboard.publish(
                group: group.spec.index, slot: slot.index, generation: generation,
                threads: UInt32(clamping: worker.attempt.spec.process.worker?.threads ?? 1), process: worker.process.id)
            group.notePresent(worker.attempt.spec)
            group.noteSuccess(slot)
        case .withdraw:
            scoreboard.withdraw(group: group.spec.index, slot: slot.index)
        case .replacementFailed(let cause, let count):
            group.noteFailedDeploy(of: slot)
            group.log.write(
                .successorFailed, level: .warning,
                "Process group '\(group.spec.name)': a successor was needed because "
                    + "\(cause.text), but could not be started\(group.explanation(of: slot, count: count)). The running "
                    + "process goes on serving.\(group.advice(for: slot))")
            return replacementFailed(group, slot)
        case .serve(let generation):
            guard let worker = slot.workers[generation] else { return nil }
            group.informOfProvenScripts(worker, of: slot)
            do { try ControlPacket(.serve).send(on: worker.control) } catch {
                // It would never accept a request, and has none yet.
                worker.process.kill()
            }
        case .drain(let generation, let requests, let total, let reason):
            guard let worker = slot.workers[generation] else { return nil }
            worker.isDraining = true
            let packet = ControlPacket.drain(requests: requests, total: total, because: reason)
            do { try packet.send(on: worker.control) } catch {
                // SIGTERM has the same effect, without the timeouts.
                worker.process.terminate()
            }
        case .kill(let generation):
            guard let worker = slot.workers[generation] else { return nil }
            worker.killReason = worker.isReady ? "it did not end in time" : "it was not ready in time"
            worker.process.kill()
        case .delayed(let milliseconds, let failures, let starts):
            guard milliseconds >= 1_000 else { break }
            let what =
                group.isService
                ? "runs have ended early"
                : starts
                    ? "starts have failed"
                    : "processes could not be started, or ended within a second of their start,"
            let reason =
                slot.failure.map { " (\($0.path): \($0.reason))" }
                ?? (slot.launchProblem.isEmpty ? "" : " (\(slot.launchProblem))")
            group.log.write(
                .startDelayed, level: .warning,
                "Process group '\(group.spec.name)': \(failures) \(what) in a row\(reason); the next one is in "
                    + "\(milliseconds / 1_000) s.")
        }
        return nil
    }

    /// Releases requests that wait for a successor. If another attempt is due, returns its event instead.
    func replacementFailed(_ group: ProcessGroup, _ slot: Slot) -> SlotMachine.Event? {
        guard let serving = slot.machine.serving else { return nil }
        if let worker = slot.workers[serving] {
            var asked = slot.asked
            if let failure = slot.failure { asked[failure.path] = failure.modified }
            for (path, modified) in asked where group.failedCode.blames(path, modified: modified) {
                try? ControlPacket.codeFailed(path, modified: modified).send(on: worker.control)
            }
        }
        if slot.machine.wanted == nil, !group.isPointless(at: Clock.milliseconds()), group.isRetryDue(slot) {
            return .changed(generation: serving, isAwaited: true)
        }
        scoreboard.replacementFailed(group: group.spec.index, slot: slot.index)
        return nil
    }

    private func start(
        _ generation: UInt32, _ cause: SlotMachine.Cause, _ hasPredecessor: Bool, _ group: ProcessGroup, _ slot: Slot
    ) -> SlotMachine.Event? {
        group.beginAttempt(slot)
        group.counters.count(start: cause)
        do {
            guard let listener = group.configuration.descriptor(slot.listenerDescriptor) else {
                throw SpawnMessage(group.spec, "the configuration has no socket for slot \(slot.index)")
            }
            let worker = try launcher.start(
                group.attempt(slot, cause, hasPredecessor: hasPredecessor), of: group, slot: slot.index,
                generation: generation, token: nextToken, listener: listener)
            nextToken += Token.count
            let home = Home(group: group, slot: slot, worker: worker)
            do throws(SystemError) {
                try poller.add(worker.process.raw, .readable, token: worker.token)
                try poller.add(worker.reports.raw, .readable, token: worker.token | Token.reports)
                try poller.add(worker.control.raw, [], token: worker.token | Token.hangup)
                try poller.add(worker.launch.raw, .readable, token: worker.token | Token.launch)
            } catch {
                for raw in [worker.process.raw, worker.reports.raw, worker.control.raw] { poller.remove(raw) }
                worker.process.kill()
                doomed.append(worker)
                throw error
            }
            homes[worker.token] = home
            strays.users.insert(Self.user(of: home))
            watched.insert(worker.token)
            slot.workers[generation] = worker
            scoreboard.setRunning(slot.index, generation: generation, true)
            return nil
        } catch let problem as SpawnMessage {
            logProblem(problem, group, slot)
        } catch {
            logProblem(SpawnMessage(group.spec, "the supervisor cannot watch it (\(error))"), group, slot)
        }
        group.noteDeath(of: slot, at: Clock.milliseconds())
        group.noteFailedStart(of: slot)
        return .ended(generation: generation)
    }

    /// Logs why a process could not be created, unless it has been logged.
    private func logProblem(_ problem: SpawnMessage, _ group: ProcessGroup, _ slot: Slot) {
        guard group.noteLaunchProblem(problem.reason, of: slot) else { return }
        group.log.write(.daemonStartFailed, problem.text)
    }

    /// Updates the state of the group in the scoreboard.
    func show(_ group: ProcessGroup) {
        let state = group.state
        guard group.shownState != state else { return }
        group.shownState = state
        scoreboard.setState(of: group.spec.index, state)
    }

    func name(_ home: Home) -> String {
        WorkerReport(home.worker, of: home.group, slot: home.slot).name
    }

    /// The user of a worker.
    static func user(of home: Home) -> UInt32 {
        let spec = home.worker.attempt.spec
        return spec.changesUser ? spec.userID : CurrentProcess.user
    }
}
