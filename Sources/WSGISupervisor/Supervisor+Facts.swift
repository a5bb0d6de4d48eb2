internal import ProcessKit
internal import WSGICore
internal import WSGIWire

/// The supervisor's answers to httpd's children, which ask for the pages of wsgi-status and wsgi-metrics.
extension Supervisor {
    /// Reads questions. Further ones wait until the facts are published, so that a process that asks all the time keeps
    /// the supervisor from nothing.
    func receiveQuestions() {
        guard let answers else { return }
        poller.change(answers.questions.raw, [], token: Token.questions)
        schedule.request(at: Clock.milliseconds())
        for _ in 0..<16 {
            guard let bytes = try? answers.questions.receive() else { return }
            guard !bytes.isEmpty else {
                // httpd has ended.
                poller.remove(answers.questions.raw)
                schedule.due = nil
                return
            }
            if let packet = ControlPacket(bytes), packet.kind == .inspectStack, let place = packet.requestPlace {
                wantStack(place)
            }
        }
    }

    // MARK: - Stacks

    /// Maximum number of stacks that are kept, and that one worker may owe.
    private static let mostStacks = 8

    /// Asks the worker for the stack of a request, without waiting.
    private func wantStack(_ place: ControlPacket.RequestPlace) {
        guard let slot = groups.lazy.flatMap(\.slots).first(where: { $0.index == place.slot }),
            let worker = slot.workers[place.generation], worker.isReady, worker.wantedStacks.count < Self.mostStacks
        else { return }
        let packet = ControlPacket.stackWanted(
            thread: place.thread, id: String(decoding: place.id.utf8.prefix(64), as: UTF8.self))
        guard (try? packet.send(on: worker.control)) != nil else { return }
        worker.wantedStacks.insert(place.id)
    }

    /// Publishes a stack that was requested.
    func noteStack(_ text: String, of id: String, _ worker: WorkerProcess) {
        guard worker.wantedStacks.remove(id) != nil else { return }
        var stack = StackFacts()
        stack.id = id
        stack.time = Clock.wallMicroseconds()
        stack.text = text
        schedule.stacks.removeAll { $0.id == id }
        if schedule.stacks.count >= Self.mostStacks { schedule.stacks.removeFirst() }
        schedule.stacks.append(stack)
        schedule.request(at: Clock.milliseconds())
    }

    // MARK: - Publishing

    /// Publishes the facts if somebody has asked for them.
    func publishFacts(at now: Int64) {
        guard let answers, let due = schedule.due, due <= now else { return }
        let start = Clock.milliseconds()
        var facts = facts()
        if !publish(facts, answers) {
            // Thousands of processes with many threads each.
            for group in facts.groups.indices {
                for slot in facts.groups[group].slots.indices { facts.groups[group].slots[slot].processes = [] }
            }
            _ = publish(facts, answers)
        }
        schedule.note(from: start, to: Clock.milliseconds())
        poller.change(answers.questions.raw, .readable, token: Token.questions)
    }

    private func publish(_ facts: ServerFacts, _ answers: InspectionAnswers) -> Bool {
        var buffer = ByteBuffer()
        SpecCodec.encode(facts, into: &buffer)
        return unsafe answers.publish(buffer.bytes)
    }

    /// Records how many threads are busy and how many requests wait, once a second.
    func sampleThreads(at now: Int64) {
        guard now >= schedule.sampleAt else { return }
        schedule.sampleAt = now + 1_000
        for group in groups {
            var (busy, threads) = (0, 0)
            for slot in group.slots {
                let load = scoreboard.load(of: slot.index)
                busy += load.busy
                threads += load.threads
            }
            let waiting = scoreboard.waiting(group: group.spec.index)
            group.counters.history.add(busy: busy, threads: threads, waiting: waiting, at: now / 1_000)
        }
    }

    // MARK: - Facts

    private func facts() -> ServerFacts {
        var facts = ServerFacts()
        facts.time = Clock.wallMicroseconds()
        facts.started = facts.time - (Clock.milliseconds() - started) * 1_000
        facts.groups = groups.map { self.facts(of: $0, at: facts.time) }
        facts.messages = messages()
        facts.stacks = schedule.stacks
        return facts
    }

    /// Messages of the supervisor and of all workers.
    private func messages() -> [NamedCount] {
        var counts = SupervisorLog.counts
        for worker in groups.lazy.flatMap(\.slots).flatMap(\.workers.values) {
            for (id, count) in worker.boardContents.messages { counts[id, default: 0] &+= Int64(count) }
        }
        // A worker may have written other ids to its board.
        return LogID.allCases.compactMap { id in counts[id.rawValue].map { NamedCount(id.tag, $0) } }
    }

    private func facts(of group: ProcessGroup, at now: Int64) -> GroupFacts {
        var facts = GroupFacts()
        facts.name = group.spec.name
        facts.problem = group.spec.problem
        facts.starts = group.counters.startCounts
        facts.crashes = group.counters.crashCounts
        facts.failedDeploys = group.counters.failedDeploys
        facts.saturation = group.counters.history.saturation
        facts.waiting = group.counters.history.longestQueues
        facts.slots = group.slots.map { self.facts(of: $0, at: now) }
        facts.cpu = group.counters.cpu + facts.slots.flatMap(\.processes).reduce(0) { $0 + $1.cpu }
        return facts
    }

    private func facts(of slot: Slot, at now: Int64) -> SlotFacts {
        var facts = SlotFacts()
        facts.index = slot.index
        facts.code = slot.servedCode.sorted { $0.key < $1.key }.map { CodeFacts($0.key, $0.value) }
        if let failure = slot.failure {
            facts.failed = CodeFacts(failure.path, failure.modified)
            facts.failure = failure.reason
            facts.attempts = Int64(failure.count)
        }
        facts.staleSince = slot.staleSince ?? 0
        facts.processes = slot.workers.values.sorted { $0.generation < $1.generation }
            .map { self.facts(of: $0, serving: slot.machine.serving, at: now) }
        return facts
    }

    private func facts(of worker: WorkerProcess, serving: UInt32?, at now: Int64) -> WorkerFacts {
        var facts = WorkerFacts()
        facts.process = Int64(worker.process.id)
        facts.generation = worker.generation
        facts.state = worker.isDraining ? "draining" : worker.generation == serving ? "serving" : "starting"
        facts.started = now - (Clock.milliseconds() - worker.started) * 1_000
        facts.reason = worker.attempt.cause.name
        facts.cause = worker.attempt.cause.text
        facts.threads = Int64(worker.attempt.spec.process.worker?.threads ?? 1)
        let usage = ProcessUsage(worker.process.id)
        facts.memory = Int64(clamping: usage.memory)
        facts.cpu = Int64(clamping: usage.cpu)
        facts.descriptors = Int64(usage.descriptors)
        facts.sockets = Int64(usage.sockets)
        let board = worker.boardContents
        facts.requests = Int64(clamping: board.requests)
        let clock = Clock.nanoseconds()
        facts.running = board.running.map { request in
            var thread = ThreadFacts()
            thread.thread = Int64(request.thread)
            thread.id = request.id
            thread.client = request.client
            thread.line = request.line
            thread.duration = Int64(clamping: (clock > request.started ? clock - request.started : 0) / 1_000)
            thread.isCut = request.isCut
            return thread
        }
        return facts
    }
}
