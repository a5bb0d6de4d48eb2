internal import ProcessKit
internal import WSGICore
internal import WSGIWire

/// Starts, watches, drains and replaces the workers of all process groups: one thread, one event loop.
///
/// It does what the state machines of the slots (`Slot`) answer, and tells them what happened.
final class Supervisor {
    typealias Member = ProcessGroup.Member

    /// What the tokens of the poller stand for; workers follow, two each.
    private enum Token {
        static let control: UInt64 = 0
        static let signals: UInt64 = 1
        static let parent: UInt64 = 2
        static let firstWorker: UInt64 = 8
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
    let poller: Poller
    private let signals: SignalPipe
    /// Processes that outlive the worker that started them, until they end or are killed.
    var orphans: [Orphans] = []
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
    var isStopping = false

    /// Takes over what the httpd parent has handed on.
    ///
    /// - Parameters:
    ///   - signals: SIGTERM and SIGINT, which stop everything.
    ///   - openFiles: The limit of descriptors that workers are to have.
    init(
        control: consuming PacketSocket, parent: consuming ProcessHandle, scoreboard: consuming Scoreboard,
        signals: consuming SignalPipe, openFiles: UInt64
    ) throws(SystemError) {
        poller = try Poller()
        try poller.add(control.raw, .readable, token: Token.control)
        try poller.add(signals.raw, .readable, token: Token.signals)
        try poller.add(parent.raw, .readable, token: Token.parent)
        self.control = control
        self.parent = parent
        self.scoreboard = scoreboard
        self.signals = signals
        launcher = WorkerLauncher(openFiles: openFiles)
    }

    /// Runs until httpd has stopped and every worker has ended.
    func run() {
        while !(isStopping && homes.isEmpty && orphans.isEmpty) {
            scoreboard.beat()
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

    /// How often the scripts of a group are looked at while nothing of it can be started, in milliseconds.
    private static let codeInterval: Int64 = 200

    /// Milliseconds until the next deadline, at most a second: the heartbeat goes on.
    private func waitingTime() -> Int32 {
        let now = Clock.milliseconds()
        var next = orphans.isEmpty ? now + 1_000 : now + 50
        for group in groups {
            for member in group.members {
                if let deadline = member.slot.deadline { next = min(next, deadline) }
                if case .backingOff = member.slot.phase { next = min(next, now + Self.codeInterval) }
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
            guard let home = homes[token & ~1] else { return }
            if token & 1 == 1 { receive(from: home) } else { end(home) }
        }
    }

    private func passTime() {
        let now = Clock.milliseconds()
        for group in groups {
            for member in group.members {
                if case .backingOff = member.slot.phase {
                    group.turnAway(member)
                    if group.hasChanged(member) { handle(.repaired, group, member) }
                }
                guard let deadline = member.slot.deadline, deadline <= now else { continue }
                handle(.tick, group, member)
            }
        }
        noteMissingConfiguration(at: now)
        beginStarts()
        clearOrphans(at: now)
        FileView.rest()
        groups.removeAll { group in
            group.members.removeAll { $0.slot.isFinished && $0.workers.isEmpty }
            return group.members.isEmpty && group.shownState == .stopped
        }
    }

    // MARK: - Workers

    private func receive(from home: Home) {
        do throws(SystemError) {
            while let packet = try home.worker.control.receive(wait: false) {
                for raw in packet.descriptors { Descriptor.close(raw: raw) }
                guard !packet.bytes.isEmpty else { throw SystemError("recvmsg", 0) }
                if let packet = ControlPacket(packet.bytes) { take(packet, home) }
            }
        } catch  where error.mayPass {
            Clock.sleep(milliseconds: 10)
        } catch {
            guard home.worker.isListening else { return }
            home.worker.isListening = false
            poller.remove(home.worker.control.raw)
            // A process that ends closes its descriptors a moment before it can be reaped.
            guard !home.worker.process.ends(within: 20) else { return }
            // It cannot say any more that it is ready.
            guard home.worker.isReady else { return home.worker.process.kill() }
            let generation = home.worker.generation
            handle(
                .retire(generation: generation, .controlLost, "it closed its control socket"), home.group, home.member)
        }
    }

    private func take(_ packet: ControlPacket, _ home: Home) {
        let generation = home.worker.generation
        switch packet.kind {
        case .ready:
            home.worker.isReady = true
            if home.worker.niceIncrement > 0 { home.worker.process.raisePriority(by: home.worker.niceIncrement) }
            WorkerReport(home.worker, of: home.group, slot: home.member.index).ready(log)
            if home.worker.attempt.usesFormerDefinition { reportFallback(home) }
            handle(.ready(generation: generation), home.group, home.member)
        case .loaded:
            guard let script = packet.script else { return }
            home.worker.unusable.removeAll(where: script.isSameCode(as:))
            if home.group.learn(script) { home.group.tellOthers(script, than: home.member) }
        case .unusable:
            if let script = packet.script { home.worker.unusable.append(script) }
        case .loading:
            home.member.code[packet.text] = home.group.modified(packet.text)
        case .changed:
            guard home.member.slot.serving == generation, let code = packet.changedCode else { return }
            home.member.asked[code.path] = code.modified
            handle(.changed(generation: generation, isAwaited: code.isAwaited), home.group, home.member)
        case .retire:
            guard let (reason, text) = packet.retirement else { return }
            home.worker.isRetiring = true
            handle(.retire(generation: generation, reason, text), home.group, home.member)
        case .served:
            handle(.served(generation: generation), home.group, home.member)
        case .failed:
            home.worker.problem = packet.read { try? StartProblem(&$0) } ?? StartProblem(text: packet.text)
        case .descriptors, .configuration, .stop, .restarting, .start, .serve, .drain, .log, .refused, .proven:
            break
        }
    }

    /// A worker's process has ended.
    private func end(_ home: Home) {
        guard home.worker.process.ends(within: 0) else { return }
        let members = ProcessHandle.sessionMembers(of: home.worker.process.id)
        guard let ending = home.worker.process.reap() else { return }
        if home.worker.isListening { receive(from: home) }
        let worker = home.worker
        poller.remove(worker.process.raw)
        poller.remove(worker.control.raw)
        homes[worker.token] = nil
        home.member.workers[worker.generation] = nil
        let report = WorkerReport(worker, of: home.group, slot: home.member.index)
        endOrphans(members, of: worker.process.id)
        if let problem = worker.problem {
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
            let what =
                group.isService
                ? "runs have ended early"
                : starts
                    ? "starts have failed"
                    : "processes could not be started, or ended before their first request,"
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
        scoreboard.refuse(group: group.spec.index, slot: member.index)
        return nil
    }

    private func start(
        _ generation: UInt32, _ cause: Slot.Cause, _ hasPredecessor: Bool, _ group: ProcessGroup, _ member: Member
    ) -> Slot.Event? {
        group.forget { group.isMissing($0.path) }
        group.beginAttempt(member)
        do {
            guard let listener = group.configuration.descriptor(member.listenerDescriptor) else {
                throw WorkerLauncher.Failure(text: "The configuration has no socket for slot \(member.index).")
            }
            let worker = try launcher.start(
                group.attempt(member, cause, hasPredecessor: hasPredecessor), of: group, slot: member.index,
                generation: generation, token: nextToken, listener: listener)
            nextToken += 2
            let home = Home(group: group, member: member, worker: worker)
            do throws(SystemError) {
                try poller.add(worker.process.raw, .readable, token: worker.token)
                try poller.add(worker.control.raw, .readable, token: worker.token | 1)
            } catch {
                poller.remove(worker.process.raw)
                worker.process.killAndReap()
                throw error
            }
            homes[worker.token] = home
            member.workers[generation] = worker
            log.info("\(name(home)) was started: \(cause.text).", to: group.log)
            WorkerReport(worker, of: group, slot: member.index).denied(log)
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
