internal import ProcessKit
internal import WSGICore
internal import WSGIWire

/// Messages from the httpd parent: configurations, and that httpd stops.
extension Supervisor {
    /// Reads the parent's packets. The supervisor ends when the parent has closed the socket.
    func receiveFromParent() {
        do throws(SystemError) {
            while let packet = try control.receive(wait: false) {
                guard !packet.bytes.isEmpty else { throw SystemError("recvmsg", 0) }
                accept(packet)
            }
        } catch  where error.mayPass {
            if error.isTruncation {
                lacksDescriptors = true
                status.wantConfiguration()
            }
            Clock.sleep(milliseconds: 10)
        } catch {
            poller.remove(control.raw)
            stop("httpd's parent process has closed the control socket")
            // A parent that still runs needs them for the next supervisor.
            if parent.ends(within: 20) { removeSockets() }
        }
    }

    private func accept(_ packet: PacketSocket.Packet) {
        switch ControlPacket(packet.bytes)?.kind {
        case .descriptors where packet.descriptors.isEmpty:
            for raw in arrived { Descriptor.close(raw: raw) }
            arrived = []
            lacksDescriptors = false
            return
        case .descriptors:
            arrived += packet.descriptors
            return
        case .configuration:
            guard let first = packet.descriptors.first else { break }
            let file = Descriptor(adopting: first)
            for raw in packet.descriptors.dropFirst() { Descriptor.close(raw: raw) }
            let descriptors = arrived
            arrived = []
            guard !lacksDescriptors else {
                lacksDescriptors = false
                for raw in descriptors { Descriptor.close(raw: raw) }
                log.write(
                    .supervisorFailed,
                    "The supervisor has too few descriptors for its configuration. It keeps the old one until the "
                        + "new one is sent again, within seconds.")
                return
            }
            do {
                apply(try Configuration.receive(file, descriptors: descriptors))
            } catch .unreadable(let reason) {
                status.wantConfiguration()
                log.write(
                    .supervisorFailed,
                    "The supervisor cannot read its configuration (\(reason)). It keeps the old one until the new one "
                        + "is sent again, within seconds.")
            } catch {
                log.write(
                    .supervisorFailed,
                    "The supervisor cannot read its configuration (\(error)). It keeps the old one. "
                        + "After an upgrade of this module, httpd must be stopped and started.")
            }
            return
        case .stop:
            stop("httpd stops or restarts")
        case .restarting:
            configurationDue = Clock.milliseconds() + Self.restartPatience
        case .inspect, .inspectStack, .stackWanted, .stack, .start, .serve, .drain, .log, .codeFailed, .proven, .ready,
            .loaded, .retire, .failed, .served, .changed,
            .unusable,
            .loading, nil:
            break
        }
        for raw in packet.descriptors { Descriptor.close(raw: raw) }
    }

    /// Stops all process groups, once, and logs the reason.
    func stop(_ reason: String) {
        guard !isStopping else { return }
        isStopping = true
        log.write(.info, "The daemon processes are stopped: \(reason).")
        for group in groups {
            for slot in group.slots { handle(.stop, group, slot) }
            show(group)
        }
    }

    /// Removes the socket files, which the parent could not remove.
    func removeSockets() {
        for group in groups {
            for slot in group.slots {
                if let listener = group.configuration.descriptor(slot.listenerDescriptor) {
                    StreamSocket.unlink(listener)
                }
            }
        }
    }

    /// Maximum time for httpd to read its configuration, in milliseconds.
    private static let restartPatience: Int64 = 30_000

    /// Stops all process groups if httpd was restarted without this module.
    func noteMissingConfiguration(at now: Int64) {
        guard let due = configurationDue, due <= now else { return }
        configurationDue = nil
        stop("httpd was restarted and did not load mod_wsgi again within \(Self.restartPatience / 1_000) seconds")
        removeSockets()
    }

    // MARK: - Configurations

    private func apply(_ configuration: Configuration) {
        isStopping = false
        configurationDue = nil
        startLimit = configuration.spec.startLimit > 0 ? configuration.spec.startLimit : CurrentProcess.processors
        log.level = LogLevel(number: configuration.spec.logLevel)
        if let main = configuration.descriptor(configuration.spec.logDescriptor) {
            for raw: Int32 in [1, 2] { try? Descriptor.replace(raw, with: main) }
        }
        // Groups that end make room in the scoreboard for new ones.
        let names = Set(configuration.spec.groups.map(\.name))
        for group in groups where !names.contains(group.spec.name) {
            group.log.write(.info, "Process group '\(group.spec.name)' was removed.")
            for slot in group.slots { handle(.removed, group, slot) }
            show(group)
            group.keepOnlyLog()
        }
        for spec in configuration.spec.groups {
            if let group = groups.first(where: { $0.spec.name == spec.name }) {
                renew(group, spec, configuration)
            } else {
                let group = ProcessGroup(spec, configuration)
                groups.append(group)
                fill(group, .definition)
                logProblem(of: group)
            }
        }
        isConfigured = true
    }

    /// Logs that the group's present definition cannot be run, so that the former one remains in effect.
    private func logProblem(of group: ProcessGroup) {
        guard !group.spec.problem.isEmpty else { return }
        group.log.write(
            .successorFailed, level: .warning,
            "Process group '\(group.spec.name)' cannot be run as the configuration defines it now: \(group.spec.problem) "
                + "It keeps its former definition.")
    }

    /// Logs that a worker of the former definition is ready, because none of the present definition could be started.
    func reportFallback(_ home: Home) {
        let reason = home.slot.fallbackReason.map { " (\($0.path): \($0.reason))" } ?? ""
        home.group.log.write(
            .successorFailed, level: .warning,
            "Process group '\(home.group.spec.name)': no process could be started with its present definition "
                + "(\(home.group.spec.origin))\(reason). One was started with the former definition and serves.")
    }

    /// Applies the new configuration to a group that runs, or has run.
    private func renew(_ group: ProcessGroup, _ spec: GroupSpec, _ configuration: Configuration) {
        let kept = Set(spec.slots.map(\.index))
        for slot in group.slots where !kept.contains(slot.index) { handle(.removed, group, slot) }
        if group.spec.index != spec.index {
            scoreboard.setState(of: group.spec.index, .stopped)
            group.shownState = nil
        }
        let change = group.update(spec, configuration)
        for slot in group.slots {
            for worker in slot.workers.values {
                guard let log = try? Descriptor.forAppending(group.logDescriptor) else { continue }
                try? ControlPacket(.log).send(on: worker.control, descriptors: [log.raw])
            }
        }
        fill(group, change)
        logProblem(of: group)
    }

    /// Starts or replaces the worker of every slot of the group.
    private func fill(_ group: ProcessGroup, _ change: SlotMachine.Change) {
        for spec in group.spec.slots {
            let slot: Slot
            if let known = group.slots.first(where: { $0.index == spec.index }) {
                slot = known
                slot.listenerDescriptor = spec.listenerDescriptor
                slot.machine.timeouts = group.timeouts
            } else {
                let last = max(scoreboard.generation(of: spec.index), generations[spec.index] ?? 0)
                slot = Slot(spec, after: last, timeouts: group.timeouts, firstCause: isConfigured ? .added : .first)
                group.slots.append(slot)
            }
            slot.machine.replacement = group.replacement
            // The running worker has the definition that remains in effect.
            if !group.spec.problem.isEmpty, slot.machine.serving != nil { continue }
            handle(.configured(change), group, slot)
        }
        show(group)
    }
}
