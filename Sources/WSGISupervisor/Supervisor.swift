internal import ProcessKit
internal import WSGICore
internal import WSGIWire

/// Starts, watches, drains and replaces the workers of all process groups: one thread, one event loop.
///
/// It does what the state machines of the slots (`Slot`) answer, and tells them what happened.
final class Supervisor {
    typealias Member = ProcessGroup.Member

    /// What the tokens of the poller stand for; workers follow, four each.
    enum Token {
        static let control: UInt64 = 0
        static let signals: UInt64 = 1
        static let parent: UInt64 = 2
        static let firstWorker: UInt64 = 8

        /// The number of tokens of a worker, a power of two: its process, and these.
        static let count: UInt64 = 4
        /// What it says.
        static let reports: UInt64 = 1
        /// What becomes of its start.
        static let launch: UInt64 = 2
        /// The control socket, which can only hang up.
        static let hangup: UInt64 = 3
    }

    /// A worker's place.
    struct Home {
        let group: ProcessGroup
        let member: Member
        let worker: WorkerProcess
    }

    let control: PacketSocket
    let parent: ProcessHandle
    let scoreboard: Scoreboard
    /// What httpd's parent looks at.
    let status: SupervisorStatus
    let poller: Poller
    private let signals: SignalPipe
    /// Workers that have said much at once, and when they are listened to again; in this order.
    var paused: [(token: UInt64, until: Int64)] = []
    /// Workers that have a deadline.
    var watched: Set<UInt64> = []
    /// Processes that were killed because they could not be watched.
    private var doomed: [WorkerProcess] = []
    /// Processes that outlive the worker that started them, until they end or are killed.
    var orphans: [Orphans] = []
    /// What is known of those that have left its session.
    var strays = Strays()
    /// When a configuration must have come, because httpd restarts; `nil`: none is due.
    var configurationDue: Int64?
    /// How many workers may start at a time.
    var startLimit = CurrentProcess.processors
    /// Whether a configuration was taken over before the present one.
    var isConfigured = false
    private let launcher: WorkerLauncher
    var log = SupervisorLog()

    /// Groups that are to run, and removed ones until their workers have ended.
    var groups: [ProcessGroup] = []
    var homes: [UInt64: Home] = [:]
    /// Descriptors for the next configuration.
    var arrived: [Int32] = []
    /// Some of them could not be taken.
    var lacksDescriptors = false
    /// The last generation used in each slot of the scoreboard.
    var generations: [UInt32: UInt32] = [:]
    private var nextToken = Token.firstWorker
    /// When descriptors of former configurations are closed next.
    private var closeAt: Int64 = 0
    var isStopping = false

    /// Takes over what the httpd parent has handed on.
    ///
    /// - Parameters:
    ///   - signals: SIGTERM and SIGINT, which stop everything.
    ///   - openFiles: The limit of descriptors that workers are to have.
    init(
        control: consuming PacketSocket, parent: consuming ProcessHandle, scoreboard: consuming Scoreboard,
        status: SupervisorStatus, signals: consuming SignalPipe, openFiles: UInt64
    ) throws(SystemError) {
        poller = try Poller()
        try poller.add(control.raw, .readable, token: Token.control)
        try poller.add(signals.raw, .readable, token: Token.signals)
        try poller.add(parent.raw, .readable, token: Token.parent)
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
                log.problem(.supervisorFailed, level: 2, "The supervisor cannot wait for events; it ends.")
                return
            }
            passTime()
        }
    }

    // MARK: - Events

    /// How often a slot in which nothing can be started is looked at, in milliseconds.
    private static let codeInterval: Int64 = 200

    /// Milliseconds until the next deadline, at most a second: the heartbeat goes on.
    private func waitingTime() -> Int32 {
        let now = Clock.milliseconds()
        var next = isEndingOrphans ? strays.lookAt : now + 1_000
        if let first = paused.first { next = min(next, first.until) }
        for token in watched { next = min(next, homes[token]?.worker.deadline ?? .max) }
        for group in groups {
            for member in group.members {
                if let deadline = member.slot.deadline { next = min(next, deadline) }
                if case .backingOff = member.slot.phase { next = min(next, member.lookAt) }
            }
        }
        return Int32(clamping: max(next - now, 0))
    }

    private func dispatch(_ token: UInt64) {
        switch token {
        case Token.control: receiveFromParent()
        case Token.signals:
            while signals.next() != nil { stop("a signal told it to") }
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
            for member in group.members {
                guard let deadline = member.slot.deadline, deadline <= now else { continue }
                handle(.tick, group, member)
            }
        }
        noteMissingConfiguration(at: now)
        beginStarts()
        clearOrphans(at: now)
        reapStrays(at: now)
        if now >= closeAt, !Configuration.closeUnused() { closeAt = now + Self.codeInterval }
        FileView.rest(after: 1_000)
        groups.removeAll { group in
            group.members.removeAll { $0.slot.isFinished && $0.workers.isEmpty }
            return group.members.isEmpty && group.shownState == .stopped
        }
    }

    /// Deals with slots in which nothing can be started for a while. The connections that nobody will accept are closed:
    /// their requests go to another slot, or are answered at once.
    private func lookAtUnserved(at now: Int64) {
        var listeners: [Int32] = []
        for group in groups {
            for member in group.members {
                guard case .backingOff = member.slot.phase, now >= member.lookAt else { continue }
                member.lookAt = now + Self.codeInterval
                if let listener = group.configuration.descriptor(member.listenerDescriptor) {
                    listeners.append(listener)
                }
                if group.hasChanged(member) { handle(.repaired, group, member) }
            }
        }
        StreamSocket.turnAway(listeners, isRepeated: true)
    }

    // MARK: - Workers

    /// A worker's process has ended.
    private func end(_ home: Home) {
        guard home.worker.process.ends(within: 0) else { return }
        let worker = home.worker
        noteLaunch(of: home)
        // One that has run nothing has started nothing.
        let seen = worker.launchProblem == nil ? ProcessFacts.all() : []
        guard let ending = worker.process.reap() else { return }
        receiveLast(from: home)
        for raw in [worker.process.raw, worker.control.raw, worker.reports.raw] { poller.remove(raw) }
        homes[worker.token] = nil
        watched.remove(worker.token)
        home.member.workers[worker.generation] = nil
        let report = WorkerReport(worker, of: home.group, slot: home.member.index)
        let id = worker.process.id
        endOrphans(seen.filter { $0.session == id && $0.id != id && !$0.hasEnded })
        // Before its successor is started: that may be in the same tick as the last that it has started.
        if worker.launchProblem == nil { endStrays(seen, at: Clock.milliseconds()) } else { strays.isDue = true }
        if let text = worker.launchProblem {
            log.problem(.daemonStartFailed, text, to: home.group.log)
            home.group.noteDeath(of: home.member, at: Clock.milliseconds())
        } else if let problem = worker.problem {
            // The refusal that follows counts the others.
            if home.group.noteFailure(problem, of: home.member) == 1 { report.failed(problem, log) }
        } else {
            if !worker.isReady, !worker.isDraining { home.group.noteDeath(of: home.member, at: Clock.milliseconds()) }
            report.ended(ending, log)
        }
        if !worker.isReady, !worker.isDraining { home.group.noteFailedStart(of: home.member) }
        handle(.ended(generation: worker.generation), home.group, home.member)
    }

    // MARK: - Slots

    /// Tells a slot what happened and does what it answers.
    func handle(_ event: Slot.Event, _ group: ProcessGroup, _ member: Member) {
        var events = [event]
        while let event = events.popLast() {
            for action in member.slot.handle(event, at: Clock.milliseconds()) {
                if let next = perform(action, group, member) { events.append(next) }
            }
            generations[member.index] = member.slot.lastGeneration
        }
        show(group)
    }

    /// Does one thing; what it led to at once is returned.
    private func perform(_ action: Slot.Action, _ group: ProcessGroup, _ member: Member) -> Slot.Event? {
        switch action {
        case .start(let generation, let cause, let hasPredecessor):
            return start(generation, cause, hasPredecessor, group, member)
        case .publish(let generation):
            guard let worker = member.workers[generation] else { return nil }
            scoreboard.publish(
                group: group.spec.index, slot: member.index, generation: generation,
                threads: UInt32(clamping: worker.attempt.spec.process.worker?.threads ?? 1), process: worker.process.id)
            group.notePresent(worker.attempt.spec)
            group.noteSuccess(member)
        case .withdraw:
            scoreboard.withdraw(group: group.spec.index, slot: member.index)
        case .refuse(let cause, let count):
            log.problem(
                .successorRefused, level: 4,
                "Process group '\(group.spec.name)': a successor was needed, because "
                    + "\(cause.text), but could not be started\(group.explanation(of: member, count: count)). The running "
                    + "process goes on serving.\(group.advice(for: member))", to: group.log)
            return refuse(group, member)
        case .serve(let generation):
            guard let worker = member.workers[generation] else { return nil }
            group.tellWhatOthersServe(worker, of: member)
            do { try ControlPacket(.serve).send(on: worker.control) } catch {
                // It would never take a request, and has none yet.
                worker.process.kill()
            }
        case .drain(let generation, let requests, let total):
            guard let worker = member.workers[generation] else { return nil }
            worker.isDraining = true
            let packet = ControlPacket.drain(requests: requests, total: total)
            do { try packet.send(on: worker.control) } catch {
                // A signal says less, but the same.
                worker.process.terminate()
            }
        case .kill(let generation):
            guard let worker = member.workers[generation] else { return nil }
            worker.killReason = worker.isReady ? "it did not end in time" : "it was not ready in time"
            worker.process.kill()
        case .delayed(let milliseconds, let failures, let starts):
            guard milliseconds >= 1_000 else { break }
            let what =
                group.isService
                ? "runs have ended early"
                : starts
                    ? "starts have failed"
                    : "processes could not be started, or ended right after their start,"
            let reason = member.problem.map { " (\($0.path): \($0.reason))" } ?? ""
            log.problem(
                .startDelayed, level: 4,
                "Process group '\(group.spec.name)': \(failures) \(what) in a row\(reason); the next one is in "
                    + "\(milliseconds / 1_000) s.", to: group.log)
        }
        return nil
    }

    /// Lets those go on who wait for a successor, unless another attempt is due: then the event for it.
    func refuse(_ group: ProcessGroup, _ member: Member) -> Slot.Event? {
        guard let serving = member.slot.serving else { return nil }
        if let worker = member.workers[serving] {
            var asked = member.asked
            if let problem = member.problem { asked[problem.path] = problem.modified }
            for (path, modified) in asked where group.failedCode.blames(path, modified: modified) {
                try? ControlPacket.refused(path, modified: modified).send(on: worker.control)
            }
        }
        if member.slot.wanted == nil, !group.isPointless(at: Clock.milliseconds()), group.isRetryDue(member) {
            return .changed(generation: serving, isAwaited: true)
        }
        scoreboard.replacementFailed(group: group.spec.index, slot: member.index)
        return nil
    }

    private func start(
        _ generation: UInt32, _ cause: Slot.Cause, _ hasPredecessor: Bool, _ group: ProcessGroup, _ member: Member
    ) -> Slot.Event? {
        group.beginAttempt(member)
        do {
            guard let listener = group.configuration.descriptor(member.listenerDescriptor) else {
                throw WorkerLauncher.Failure(text: "The configuration has no socket for slot \(member.index).")
            }
            let worker = try launcher.start(
                group.attempt(member, cause, hasPredecessor: hasPredecessor), of: group, slot: member.index,
                generation: generation, token: nextToken, listener: listener)
            nextToken += Token.count
            let home = Home(group: group, member: member, worker: worker)
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
            member.workers[generation] = worker
            return nil
        } catch let failure as WorkerLauncher.Failure {
            log.problem(.daemonStartFailed, failure.text, to: group.log)
        } catch {
            log.problem(.daemonStartFailed, "A process of group '\(group.spec.name)' cannot be watched.", to: group.log)
        }
        group.noteDeath(of: member, at: Clock.milliseconds())
        group.noteFailedStart(of: member)
        return .ended(generation: generation)
    }

    /// Brings the scoreboard up to date with what the group is able to do.
    func show(_ group: ProcessGroup) {
        let state = group.state
        guard group.shownState != state else { return }
        group.shownState = state
        scoreboard.setState(of: group.spec.index, state)
    }

    func name(_ home: Home) -> String {
        WorkerReport(home.worker, of: home.group, slot: home.member.index).name
    }
}
