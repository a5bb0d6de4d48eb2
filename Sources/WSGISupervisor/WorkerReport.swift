internal import ProcessKit
internal import WSGICore

/// What the log says of one worker.
struct WorkerReport {
    private let worker: WorkerProcess
    private let group: ProcessGroup
    private let slot: UInt32

    /// Reports on a worker of this slot.
    init(_ worker: WorkerProcess, of group: ProcessGroup, slot: UInt32) {
        self.worker = worker
        self.group = group
        self.slot = slot
    }

    /// The worker as messages name it.
    var name: String {
        "Process \(worker.process.id) of group '\(group.spec.name)' (slot \(slot), generation \(worker.generation))"
    }

    /// What it was not granted; it runs without.
    func denied(_ log: SupervisorLog) {
        let limits = group.spec.limits
        for denial in worker.denials {
            let (id, option): (LogID, String) =
                switch denial.wish {
                case .priority: (.cpuPriorityDenied, "cpu-priority=\(limits.priority)")
                case .cpuTime: (.cpuLimitDenied, "cpu-time-limit=\(limits.cpuTime)")
                case .data: (.memoryLimitDenied, "memory-limit=\(limits.data)")
                case .addressSpace: (.virtualMemoryLimitDenied, "virtual-memory-limit=\(limits.addressSpace)")
                }
            log.problem(
                id, level: 4,
                "\(name) runs without \(option) (\(denial.reason)). The limits that httpd was started with may be "
                    + "lower, or its rights too few.", to: group.log)
        }
    }

    /// How it has ended.
    func ended(_ ending: ProcessHandle.Ending, _ log: SupervisorLog) {
        let when = worker.isReady ? "" : " before it was ready (WSGIDaemonProcess at \(group.spec.origin))"
        switch ending {
        case .exited(let code) where code == 0 && (worker.isDraining || worker.isRetiring):
            log.info("\(name) has ended.", to: group.log)
        case .exited(let code):
            log.problem(.workerDied, "\(name) ended with exit code \(code)\(when).", to: group.log)
        case .killed(let signal):
            if let reason = worker.killReason {
                log.problem(.workerKilled, level: 4, "\(name) was killed: \(reason).", to: group.log)
                return
            }
            let signal = ProcessHandle.signalName(signal)
            log.problem(.workerDied, "\(name) was ended by \(signal)\(when).", to: group.log)
            copyCrashText()
        }
    }

    /// What Python's faulthandler wrote while the worker crashed.
    private func copyCrashText() {
        guard let text = try? MemoryFile.contents(of: worker.crashText.raw), !text.isEmpty else { return }
        LogLine.copy(text, to: group.log)
    }
}

extension Slot.Cause {
    /// Why a worker is started, as the end of a sentence.
    var text: String {
        switch self {
        case .first: "httpd was started"
        case .ended: "the former process has ended"
        case .retired(let reason): reason
        case .configuration(changed: false): "httpd was restarted"
        case .configuration(changed: true): "httpd was restarted with another configuration"
        }
    }
}
