internal import ProcessKit
internal import WSGICore
internal import WSGIWire

/// Log messages about one worker.
struct WorkerReport {
    private let worker: WorkerProcess
    private let group: ProcessGroup
    private let slot: ProcessGroup.Slot

    /// Reports on a worker of this slot.
    init(_ worker: WorkerProcess, of group: ProcessGroup, slot: ProcessGroup.Slot) {
        self.worker = worker
        self.group = group
        self.slot = slot
    }

    /// The name of the worker in messages.
    var name: String {
        "Process \(worker.process.id) of group '\(group.spec.name)' (slot \(slot.index), generation \(worker.generation))"
    }

    /// Logs the settings that were denied. The worker runs without them.
    func denied() {
        let limits = worker.attempt.spec.limits
        for denial in worker.launch.denials {
            let (id, option): (LogID, String) =
                switch denial.wish {
                case .priority: (.cpuPriorityDenied, "cpu-priority=\(limits.priority)")
                case .cpuTime: (.cpuLimitDenied, "cpu-time-limit=\(limits.cpuTime)")
                case .data: (.memoryLimitDenied, "memory-limit=\(limits.data)")
                case .addressSpace: (.virtualMemoryLimitDenied, "virtual-memory-limit=\(limits.addressSpace)")
                }
            group.log.write(
                id, level: .warning,
                "\(name) runs without \(option) (\(denial.reason)). httpd may have been started with lower limits, or "
                    + "without the necessary privilege.")
        }
    }

    /// Logs that it serves from now on. The first one after failed starts is a notice: who has read about the failures
    /// learns that they are over.
    func ready() {
        let scripts = Set(worker.unusable.map(\.path)).sorted()
        let others = scripts.count > 8 ? " and \(scripts.count - 8) others" : ""
        let missing =
            scripts.isEmpty
            ? "" : ", without scripts that it could not import: \(scripts.prefix(8).joined(separator: ", "))\(others)"
        let time = "\(Clock.milliseconds() - worker.started) ms"
        guard slot.failedStarts > 0, !worker.attempt.usesFormerDefinition else {
            return group.log.write(.info, "\(name) is ready after \(time)\(missing).")
        }
        let failed = slot.failedStarts == 1 ? "the start before it had" : "\(slot.failedStarts) starts before it had"
        group.log.write(.notice, "\(name) is ready after \(time)\(missing); \(failed) failed.")
    }

    /// Logs why it did not replace its predecessor.
    func failed(_ failure: StartFailure) {
        group.log.write(
            .daemonStartFailed, "\(name) cannot start: \(failure.text)",
            details: failure.report.joined(separator: "\n"))
    }

    /// Logs how it has ended. Returns a name of `CrashKind` if that was not expected.
    func ended(_ ending: ProcessHandle.Ending) -> String? {
        let when = worker.isReady ? "" : " before it was ready (WSGIDaemonProcess at \(worker.attempt.spec.origin))"
        switch ending {
        case .exited(let code) where code == 0 && (worker.isDraining || worker.isRetiring || group.isService):
            group.log.write(.info, "\(name) has ended.")
            return nil
        case .exited(let code):
            let requests = Self.list(running)
            let advice = code == 127 && !worker.isReady ? Self.libraryAdvice(worker.attempt.spec) : ""
            group.log.write(.workerDied, "\(name) ended with exit code \(code)\(when)\(requests).\(advice)")
            return CrashKind.exit
        case .killed(let signal)
        where ProcessHandle.signalName(signal) == "SIGTERM" && worker.isDraining && group.isService:
            // Its scripts had ended already, and Python had removed its signal handlers.
            group.log.write(.info, "\(name) has ended.")
            return nil
        case .killed(let signal):
            if worker.killReason != nil, worker.isDraining, !worker.isReady {
                group.log.write(.info, "\(name) was killed: it is no longer needed, and was still starting.")
                return nil
            }
            let requests = Self.list(running)
            if let reason = worker.killReason {
                group.log.write(
                    .workerKilled, level: .warning, "\(name) was killed: \(reason)\(requests).")
                return CrashKind.killed
            }
            let signal = ProcessHandle.signalName(signal)
            group.log.write(
                .workerDied, "\(name) was ended by \(signal)\(when)\(requests).",
                details: CrashText.contents(of: worker.crashText.raw))
            return CrashKind.signal
        }
    }

    /// Advice for a Python that the dynamic linker could not start. Root may find a library that the user does not.
    static func libraryAdvice(_ spec: GroupSpec) -> String {
        let user =
            !spec.changesUser || !spec.root.isEmpty
            ? ""
            : spec.userName.isEmpty
                ? "setpriv --reuid=\(spec.userID) --regid=\(spec.groupID) --clear-groups "
                : "runuser -u \(spec.userName) -- "
        return " A shared library of its Python does not exist, or its user cannot read it. To find it: "
            + "\(user)ldd '\(spec.python)'. A directory that the linker does not search can be added to WSGIDaemonProcess, "
            + "for example env=LD_LIBRARY_PATH=/opt/python/lib."
    }

    /// The part of a message that lists the requests that a worker was running when it ended.
    private static func list(_ requests: [RunningRequest]) -> String {
        requests.isEmpty ? "" : "; it was running " + requests.map { $0.text() }.joined(separator: "; ")
    }

    /// The requests that its threads were running, from its board.
    private var running: [RunningRequest] {
        worker.boardContents.running
    }
}

extension SlotMachine.Cause {
    /// Whether the worker loads only what is necessary, because its predecessor was idle and is replaced to save
    /// memory.
    var wantsLittle: Bool {
        if case .retired(.inactivityTimeout, _) = self { true } else { false }
    }

    /// Whether there was no worker before.
    var isFirst: Bool { self == .first || self == .added }

    /// The cause, as the end of a sentence.
    var text: String {
        switch self {
        case .first: "httpd was started"
        case .added: "a restart of httpd has added it"
        case .ended: "the former process has ended"
        case .retired(let reason, let text): "\(text) (\(reason.name))"
        case .configuration(.none): "httpd was restarted"
        case .configuration(.definition), .configuration(.rights): "httpd was restarted with another configuration"
        }
    }
}
