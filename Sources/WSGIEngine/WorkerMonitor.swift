internal import CEngineABI
internal import ProcessKit
internal import WSGIAdapter
internal import WSGICore

/// The thread that enforces the limits of a worker. It never waits for Python; `WorkerDeadlines` makes all decisions.
struct WorkerMonitor {
    private let worker: Worker
    private var deadlines: WorkerDeadlines
    private var limits: WorkerDeadlines.Limits { worker.spec.limits }

    /// Starts the thread, if there is anything to enforce.
    static func start(_ worker: Worker) throws(SystemError) {
        guard !worker.spec.limits.isEmpty else { return }
        let context = unsafe Unmanaged.passRetained(worker).toOpaque()
        unsafe try CurrentProcess.startThread(stackSize: 0, name: "wsgi-monitor", context: context) { context in
            guard let context = unsafe context else { return }
            var monitor = unsafe WorkerMonitor(Unmanaged<Worker>.fromOpaque(context).takeRetainedValue())
            monitor.run()
        }
    }

    private init(_ worker: Worker) {
        self.worker = worker
        deadlines = WorkerDeadlines(worker.spec.limits)
    }

    private mutating func run() -> Never {
        while true {
            for action in deadlines.check(facts(), at: Clock.milliseconds()) {
                // The process may end with its last request. Messages about that request must be in the log by then.
                worker.holdingEnd { perform(action) }
            }
            Clock.sleep(milliseconds: max(deadlines.nextCheck - Clock.milliseconds(), 1))
        }
    }

    private func facts() -> WorkerDeadlines.Facts {
        var facts = WorkerDeadlines.Facts()
        facts.requests = worker.board.running.map {
            WorkerDeadlines.Request(
                thread: $0.thread, started: Self.milliseconds($0.started), isCut: $0.isCut)
        }
        facts.lastActivity = worker.lastActivity
        facts.loadingSince = Self.milliseconds(LoadingTime.current)
        facts.probingSince = worker.errands.pendingSince
        if deadlines.needsMemory { facts.memory = CurrentProcess.residentBytes }
        return facts
    }

    private static func milliseconds(_ nanoseconds: UInt64) -> Int64 {
        Int64(truncatingIfNeeded: nanoseconds / 1_000_000)
    }

    // MARK: - Actions

    private func perform(_ action: WorkerDeadlines.Action) {
        switch action {
        case .interrupt(let request): interrupt(request)
        case .cut(let request, let reason): cut(request, reason)
        case .retire(let reason): retire(reason)
        case .probe: worker.errands.run { Adapter.probe() }
        }
    }

    /// The current request of the thread, if it is this one.
    private static func current(_ request: WorkerDeadlines.Request, of worker: Worker) -> RunningRequest? {
        worker.board.running.first {
            $0.thread == request.thread && milliseconds($0.started) == request.started && !$0.isCut
        }
    }

    private func interrupt(_ request: WorkerDeadlines.Request) {
        let worker = worker
        worker.errands.run {
            guard let found = Self.current(request, of: worker), let thread = worker.thread(request.thread) else {
                return
            }
            worker.holdingEnd {
                let stack = thread.interrupt { Self.current(request, of: worker) != nil }
                guard let stack else { return }
                WorkerLog.write(
                    WSGI_LOG_WARNING, .requestInterrupted,
                    "\(found.name) ran for \(found.time()), longer than request-timeout=; RequestTimeout was raised in it:\n\(stack)"
                )
            }
        }
    }

    private func cut(_ request: WorkerDeadlines.Request, _ reason: ShutdownReason) {
        guard let found = Self.current(request, of: worker) else { return }
        guard reason == .requestTimeout else {
            // The reason applies to all of them; `retire` logs it once. A request that is repeated must find a
            // successor.
            _ = worker.giveUp()
            _ = worker.cut(thread: found.thread, started: found.started, status: 504)
            return
        }
        let stack = StuckRequests(worker).stack(thread: found.thread)
        guard worker.cut(thread: found.thread, started: found.started, status: 504) else { return }
        WorkerLog.write(
            WSGI_LOG_ERR, .requestAbandoned,
            "\(found.name) ran for \(found.time()), longer than request-timeout=; the client received 504, and the process "
                + "is replaced (\(reason.name)):\(stack)")
    }

    /// Stops taking requests. Requests that have begun meanwhile are answered like the others.
    private func giveUp() {
        let time = worker.giveUp()
        for found in worker.board.running where !found.isCut && found.started <= time {
            _ = worker.cut(thread: found.thread, started: found.started, status: 504)
        }
    }

    private func retire(_ reason: ShutdownReason) {
        if reason.leavesNothing { giveUp() }
        switch reason {
        case .deadlockTimeout:
            let text = "the GIL could not be acquired for \(limits.deadlock / 1_000) s"
            WorkerLog.write(
                WSGI_LOG_ERR, .pythonDeadlocked,
                "\(text) (deadlock-timeout); the process is replaced (\(reason.name)), and the requests under way were "
                    + "answered with 504:\(StuckRequests(worker).all())")
            worker.retire(reason, text)
        case .startupTimeout:
            let text = "no script could be loaded within \(limits.startup / 1_000) s"
            WorkerLog.write(
                WSGI_LOG_ERR, .startupOverdue,
                "\(text) (startup-timeout); the process is replaced (\(reason.name)), and the requests under way were "
                    + "answered with 504:\(StuckRequests(worker).all())")
            worker.retire(reason, text)
        case .maximumMemory:
            let text =
                "it uses \(CurrentProcess.residentBytes >> 20) MiB of memory, more than maximum-memory "
                + "(\(limits.memory >> 20) MiB)"
            WorkerLog.write(WSGI_LOG_WARNING, .memoryExceeded, "The process is replaced: \(text).")
            worker.retire(reason, text)
        case .inactivityTimeout:
            worker.retire(reason, "it was idle for \(limits.inactivity / 1_000) s")
        case .requestTimeout:
            worker.retire(reason, "a request took longer than its request-timeout")
        case .shutdownSignal, .evictionSignal, .gracefulSignal, .maximumRequests, .cpuTimeLimit, .restartInterval,
            .scriptReload, .controlLost:
            break
        }
    }
}
