internal import ProcessKit
internal import WSGICore
internal import WSGIWire

/// The starts of workers and their messages. Messages are not trusted, and each takes a bounded amount of time and
/// memory: a worker runs the code of one site, and the supervisor serves all sites.
extension Supervisor {
    /// Maximum number of packets that are read from one worker within `pause`.
    private static let mostPackets = 16
    /// Maximum number of packets that are read when its process has ended: more than the pipe holds.
    private static let lastPackets = 512
    /// How long reading from a worker that has sent `mostPackets` is suspended, in milliseconds.
    private static let pause: Int64 = 10
    /// Time allowed for a worker to end after it has closed its descriptors, in milliseconds.
    private static let endingTime: Int64 = 20

    // MARK: - The start

    /// Handles the result of a start: the worker runs, or will end.
    func noteLaunch(of home: Home) {
        let worker = home.worker
        guard !worker.isLaunched, worker.launch.listen() else { return }
        worker.isLaunched = true
        poller.remove(worker.launch.raw)
        worker.launch.close()
        worker.deadline = nil
        watched.remove(worker.token)
        if let failure = worker.launch.failure {
            worker.launchProblem = SpawnMessage(failure, worker.attempt.spec)
        } else if worker.launchProblem == nil, worker.killReason == nil {
            home.group.log.write(.info, "\(name(home)) was started: \(worker.attempt.cause.text).")
            WorkerReport(worker, of: home.group, slot: home.slot).denied()
        }
    }

    /// Handles workers whose deadline has passed.
    func watch(at now: Int64) {
        for token in watched {
            guard let home = homes[token] else {
                watched.remove(token)
                continue
            }
            guard let deadline = home.worker.deadline, deadline <= now else { continue }
            home.worker.deadline = nil
            watched.remove(token)
            if home.worker.isLaunched { endLost(home) } else { giveUpLaunch(of: home) }
        }
    }

    /// Kills a worker that did not reach exec in time. Its user can stop it, and the file systems of its directory and
    /// its Python can delay it.
    private func giveUpLaunch(of home: Home) {
        guard !home.worker.launch.listen() else { return noteLaunch(of: home) }
        home.worker.launchProblem = SpawnMessage(
            delayed: home.worker.attempt.spec, by: WorkerProcess.launchTime / 1_000)
        home.worker.process.kill()
    }

    // MARK: - Packets

    /// Reads the packets of a worker. If it has sent too many in a short time, other workers are served first.
    func receive(from home: Home) {
        let worker = home.worker
        guard worker.isListening else { return }
        let now = Clock.milliseconds()
        if now - worker.packetsSince >= Self.pause { (worker.packets, worker.packetsSince) = (0, now) }
        let count = read(home, atMost: Self.mostPackets - worker.packets)
        worker.packets += count
        guard worker.isListening, !worker.isPaused, worker.packets >= Self.mostPackets else { return }
        worker.isPaused = true
        poller.change(worker.reports.raw, [], token: worker.token | Token.reports)
        paused.append((worker.token, now + Self.pause))
    }

    /// Reads the last packets of a worker that has ended, even if its control socket was closed before the pipe was
    /// read.
    func receiveLast(from home: Home) { _ = read(home, atMost: Self.lastPackets) }

    /// Reads at most `most` packets of a worker. Returns how many there were.
    private func read(_ home: Home, atMost most: Int) -> Int {
        let worker = home.worker
        var count = 0
        do throws(SystemError) {
            while count < most {
                guard let bytes = try worker.reports.receive() else { return count }
                guard !bytes.isEmpty else { break }
                count += 1
                if let packet = ControlPacket(bytes) { take(packet, home) }
            }
            if count >= most { return count }
        } catch {}
        lose(home)
        return count
    }

    /// Resumes reading from workers whose pause is over.
    func resume(at now: Int64) {
        while let first = paused.first, first.until <= now {
            paused.removeFirst()
            guard let worker = homes[first.token]?.worker else { continue }
            worker.isPaused = false
            guard worker.isListening else { continue }
            poller.change(worker.reports.raw, .readable, token: worker.token | Token.reports)
        }
    }

    /// Handles a worker that has closed its end of the pipe or of the control socket.
    func lose(_ home: Home) {
        let worker = home.worker
        guard worker.isListening else { return }
        worker.isListening = false
        poller.remove(worker.reports.raw)
        poller.remove(worker.control.raw)
        worker.deadline = Clock.milliseconds() + Self.endingTime
        watched.insert(worker.token)
    }

    /// Ends a worker that has closed its connection to the supervisor but still runs.
    private func endLost(_ home: Home) {
        // It can no longer report that it is ready.
        guard home.worker.isReady else { return home.worker.process.kill() }
        let generation = home.worker.generation
        handle(
            .retire(generation: generation, .controlLost, "it closed its connection to the supervisor"), home.group,
            home.slot)
    }

    private func take(_ packet: ControlPacket, _ home: Home) {
        let worker = home.worker
        let generation = worker.generation
        switch packet.kind {
        case .ready:
            guard !worker.isReady else { return }
            worker.isReady = true
            if worker.niceIncrement > 0 { worker.process.raisePriority(by: worker.niceIncrement) }
            WorkerReport(worker, of: home.group, slot: home.slot).ready()
            if worker.attempt.usesFormerDefinition { reportFallback(home) }
            handle(.ready(generation: generation), home.group, home.slot)
        case .loaded:
            guard let script = packet.script else { return }
            worker.noteUsable(script)
            if home.group.learn(script) { home.group.informOthers(script, than: home.slot) }
        case .unusable:
            if let script = packet.script { worker.noteUnusable(script) }
        case .loading:
            home.group.noteLoading(packet.text, in: home.slot)
            home.slot.noteServed(packet.text, by: generation)
        case .changed:
            guard home.slot.machine.serving == generation, let code = packet.changedCode,
                home.slot.noteAsked(code.path, modified: code.modified)
            else { return }
            handle(.changed(generation: generation, isAwaited: code.isAwaited), home.group, home.slot)
        case .retire:
            guard let (reason, text) = packet.retirement else { return }
            worker.isRetiring = true
            handle(.retire(generation: generation, reason, text), home.group, home.slot)
        case .served:
            handle(.served(generation: generation), home.group, home.slot)
        case .stack:
            if let stack = packet.stack { noteStack(stack.text, of: stack.id, worker) }
        case .failed:
            worker.noteProblem(packet.payload)
        case .inspect, .inspectStack, .stackWanted, .descriptors, .configuration, .stop, .restarting, .start, .serve,
            .drain, .log, .codeFailed, .proven:
            break
        }
    }
}
