internal import WSGICore

/// The transitions of a slot for each event.
extension SlotMachine {
    mutating func configured(_ change: Change, _ now: Int64) -> [Action] {
        switch phase {
        case .empty, .stopping:
            guard isExclusive, !leaving.isEmpty else { return begin(firstCause) }
            phase = .yielding(firstCause)
            return []
        case .waiting, .yielding:
            // The pending start uses the newest configuration.
            return []
        case .backingOff:
            forgetFailures()
            return begin(.configuration(change))
        case .ready(let serving):
            return replace(serving, .configuration(change))
        case .starting(let launch), .replacing(_, by: let launch):
            followedBy = max(followedBy ?? .none, change)
            return now - launch.since > Self.patience ? [.kill(generation: launch.generation)] : []
        }
    }

    mutating func becameReady(_ generation: UInt32, _ now: Int64) -> [Action] {
        var actions: [Action] = []
        switch phase {
        case .starting(let launch) where launch.generation == generation:
            break
        case .replacing(let old, by: let launch) where launch.generation == generation:
            actions.append(retireGracefully(old, launch.cause, now))
        case .empty, .waiting, .starting, .ready, .replacing, .yielding, .backingOff, .stopping:
            return []
        }
        failedReplacements = 0
        let serving = Serving(generation: generation, since: now, restartAt: nextRestart(now))
        phase = .ready(serving)
        actions += [.publish(generation: generation), .serve(generation: generation)]
        guard let change = followedBy else { return actions }
        followedBy = nil
        return actions + replace(serving, .configuration(change))
    }

    mutating func served(_ generation: UInt32) -> [Action] {
        if serving == generation { codeHasServed = true }
        return []
    }

    mutating func ended(_ generation: UInt32, _ now: Int64) -> [Action] {
        if let index = leaving.firstIndex(where: { $0.generation == generation }) {
            leaving.remove(at: index)
            guard case .yielding(let cause) = phase, leaving.isEmpty else { return [] }
            return begin(cause)
        }
        switch phase {
        case .starting(let launch) where launch.generation == generation:
            failedStarts += 1
            return tryAgain(now)
        case .ready(let serving) where serving.generation == generation:
            let stable = replacement == .service ? BackOff.longRun : BackOff.stableAfter
            if now - serving.since >= stable { forgetFailures() }
            return [.withdraw] + tryAgain(now, hasServed: codeHasServed)
        case .replacing(let serving, by: let launch) where serving.generation == generation:
            phase = .starting(launch)
            return [.withdraw]
        case .replacing(let serving, by: let launch) where launch.generation == generation:
            return successorFailed(serving, launch, now)
        case .empty, .waiting, .starting, .ready, .replacing, .yielding, .backingOff, .stopping:
            return []
        }
    }

    mutating func retire(
        _ generation: UInt32, _ reason: ShutdownReason, _ text: String, _ now: Int64
    ) -> [Action] {
        switch phase {
        case .ready(let serving) where serving.generation == generation:
            guard reason.leavesNothing else { return replace(serving, .retired(reason, text)) }
            let actions = dismiss(serving, reason, now)
            guard isExclusive else { return actions + tryAgain(now, hasServed: codeHasServed) }
            wanted = nil
            phase = .yielding(.retired(reason, text))
            return actions
        case .replacing(let serving, by: let launch) where serving.generation == generation && reason.leavesNothing:
            phase = .starting(launch)
            return dismiss(serving, reason, now)
        case .empty, .waiting, .starting, .ready, .replacing, .yielding, .backingOff, .stopping:
            return []
        }
    }

    /// Takes a worker out of service that can no longer serve, without waiting for its successor or its requests.
    mutating func dismiss(_ serving: Serving, _ reason: ShutdownReason, _ now: Int64) -> [Action] {
        if now - serving.since >= BackOff.stableAfter { forgetFailures() }
        leaving.append(Leaving(generation: serving.generation, killAt: now + 1_000))
        return [.withdraw, .drain(generation: serving.generation, requests: 0, total: 0, because: reason)]
    }

    mutating func changed(_ generation: UInt32, isAwaited: Bool) -> [Action] {
        guard case .ready(let serving) = phase, serving.generation == generation else { return [] }
        return replace(serving, Self.changedCode, isAwaited: isAwaited)
    }

    mutating func turn(_ now: Int64) -> [Action] {
        guard let wanted else { return [] }
        switch phase {
        case .waiting:
            self.wanted = nil
            let launch = Launch(generation: takeGeneration(), cause: wanted.cause, since: now)
            phase = .starting(launch)
            return [.start(generation: launch.generation, wanted.cause, hasPredecessor: false)]
        case .ready(let serving):
            self.wanted = nil
            return isExclusive ? yield(serving, wanted.cause, now) : startSuccessor(serving, wanted.cause, now)
        case .empty, .starting, .replacing, .yielding, .backingOff, .stopping:
            return []
        }
    }

    /// Ends the serving worker, so that its successor can be started.
    mutating func yield(_ serving: Serving, _ cause: Cause, _ now: Int64) -> [Action] {
        phase = .yielding(cause)
        guard replacement == .service else { return [.withdraw, retireGracefully(serving, cause, now)] }
        return [.withdraw, retire(serving, cause, requests: timeouts.shutdown, total: timeouts.shutdown, now)]
    }

    mutating func drop() -> [Action] {
        if case .ready = phase { wanted = nil }
        return []
    }

    mutating func repaired() -> [Action] {
        guard case .backingOff = phase else { return [] }
        forgetFailures()
        return begin(Self.changedCode)
    }

    mutating func end(requests: Int, total: Int, _ now: Int64) -> [Action] {
        var actions: [Action] = []
        func tell(_ generation: UInt32) {
            actions.append(.drain(generation: generation, requests: requests, total: total))
        }
        /// Ends a worker that is starting. It has no requests, and may be busy with an import.
        func abandon(_ launch: Launch) {
            actions.append(.drain(generation: launch.generation, requests: 0, total: 0))
            leaving.append(Leaving(generation: launch.generation, killAt: now + 1_000))
        }
        let killAt = now + Int64(total + 1) * 1_000
        // Workers that are already ending have no more time than the others.
        for index in leaving.indices where leaving[index].killAt > killAt {
            leaving[index].killAt = killAt
            tell(leaving[index].generation)
        }
        switch phase {
        case .empty, .waiting, .yielding, .backingOff, .stopping:
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

    mutating func tick(_ now: Int64) -> [Action] {
        var actions: [Action] = []
        for index in leaving.indices where leaving[index].killAt <= now {
            actions.append(.kill(generation: leaving[index].generation))
            // A killed process ends soon unless the kernel delays it. Then SIGKILL is repeated.
            leaving[index].killAt = now + 5_000
        }
        switch phase {
        case .backingOff(let until) where until <= now:
            return actions + begin(.ended)
        case .starting(var launch) where (startupEnd(launch) ?? .max) <= now:
            launch.isGivenUp = true
            phase = .starting(launch)
            return actions + [.kill(generation: launch.generation)]
        case .replacing(let serving, by: var launch) where (startupEnd(launch) ?? .max) <= now:
            launch.isGivenUp = true
            phase = .replacing(serving, by: launch)
            return actions + [.kill(generation: launch.generation)]
        case .ready(var serving) where (serving.restartAt ?? .max) <= now:
            // The replacement is requested once. The slot's turn may be later.
            serving.restartAt = nil
            let text = "it has served for \(timeouts.restartInterval) s"
            return actions + replace(serving, .retired(.restartInterval, text))
        case .empty, .waiting, .starting, .ready, .replacing, .yielding, .backingOff, .stopping:
            return actions
        }
    }

    /// When a start times out; `nil`: never, or it was already abandoned.
    func startupEnd(_ launch: Launch) -> Int64? {
        timeouts.startup > 0 && !launch.isGivenUp ? launch.since + Int64(timeouts.startup) * 1_000 : nil
    }

    /// When a worker that begins to serve now must be replaced.
    func nextRestart(_ now: Int64) -> Int64? {
        timeouts.restartInterval > 0 ? now + Int64(timeouts.restartInterval) * 1_000 : nil
    }

    // MARK: - Parts of transitions

    /// Requests the start of a worker while none serves.
    mutating func begin(_ cause: Cause) -> [Action] {
        phase = .waiting
        wanted = Wanted(cause: cause, isAwaited: false)
        return []
    }

    /// Requests the replacement of the serving worker. A configuration takes precedence over other causes.
    mutating func replace(_ serving: Serving, _ cause: Cause, isAwaited: Bool = false) -> [Action] {
        phase = .ready(serving)
        var cause = cause
        switch (wanted?.cause, cause) {
        case (.configuration(let one), .configuration(let other)): cause = .configuration(max(one, other))
        case (let known?, let other) where !other.isConfiguration: cause = known
        case (_, _): break
        }
        wanted = Wanted(cause: cause, isAwaited: isAwaited || wanted?.isAwaited == true)
        return []
    }

    /// Starts a successor of the serving worker.
    mutating func startSuccessor(_ serving: Serving, _ cause: Cause, _ now: Int64) -> [Action] {
        let launch = Launch(generation: takeGeneration(), cause: cause, since: now)
        phase = .replacing(serving, by: launch)
        return [.start(generation: launch.generation, cause, hasPredecessor: cause != .configuration(.rights))]
    }

    /// Requests another start, possibly delayed, after the worker has ended.
    mutating func tryAgain(_ now: Int64, hasServed: Bool = false) -> [Action] {
        // The next start uses the newest configuration anyway.
        if followedBy != nil { forgetFailures() }
        followedBy = nil
        wanted = nil
        failures += 1
        let delay = BackOff.delay(failures: failures, hasServed: hasServed)
        isFailing = !hasServed
        if isFailing { codeHasServed = false }
        guard delay > 0 else { return begin(.ended) }
        phase = .backingOff(until: now + delay)
        return [.delayed(milliseconds: delay, failures: failures, starts: failedStarts >= failures)]
    }

    mutating func forgetFailures() { (failures, failedStarts) = (0, 0) }

    mutating func successorFailed(_ serving: Serving, _ launch: Launch, _ now: Int64) -> [Action] {
        var serving = serving
        if (serving.restartAt ?? now) <= now { serving.restartAt = nextRestart(now) }
        phase = .ready(serving)
        if let change = followedBy {
            followedBy = nil
            return replace(serving, .configuration(change))
        }
        guard launch.cause == .configuration(.rights) else {
            failedReplacements += 1
            return [.replacementFailed(launch.cause, count: failedReplacements)]
        }
        // The serving worker has rights that it must no longer have.
        failedStarts += 1
        return [.withdraw, retireGracefully(serving, launch.cause, now)] + tryAgain(now)
    }

    mutating func retireGracefully(_ serving: Serving, _ cause: Cause, _ now: Int64) -> Action {
        var requests = timeouts.graceful
        if case .retired(.evictionSignal, _) = cause, timeouts.eviction > 0 { requests = timeouts.eviction }
        let total = requests + timeouts.shutdown
        return retire(serving, cause, requests: requests, total: total, now)
    }

    mutating func retire(_ serving: Serving, _ cause: Cause, requests: Int, total: Int, _ now: Int64) -> Action {
        leaving.append(Leaving(generation: serving.generation, killAt: now + Int64(total + 1) * 1_000))
        return .drain(generation: serving.generation, requests: requests, total: total, because: cause.reason)
    }

    mutating func takeGeneration() -> UInt32 {
        let generation = nextGeneration
        nextGeneration = Self.following(generation)
        return generation
    }
}

extension SlotMachine.Cause {
    /// The reason for applications. A restart of httpd ends workers with SIGTERM in mod_wsgi.
    var reason: ShutdownReason { if case .retired(let reason, _) = self { reason } else { .shutdownSignal } }

    /// Whether a restart of httpd is the cause.
    var isConfiguration: Bool { if case .configuration = self { true } else { false } }
}
