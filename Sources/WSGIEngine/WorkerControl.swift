internal import CEngineABI
internal import Glibc
internal import ProcessKit
internal import WSGIAdapter
internal import WSGICore
internal import WSGIWire

/// The work of the main thread while requests are served: it listens to the supervisor and to signals, and drains.
struct WorkerControl: ~Copyable {
    private enum Token {
        static let control: UInt64 = 0
        static let signals: UInt64 = 1
        static let handlers: UInt64 = 2
    }

    private let worker: Worker
    private let poller: Poller
    private let signals: SignalPipe
    private var python: WorkerSignals
    /// The time until which requests under way may continue, in milliseconds of the monotonic clock; `nil`: the worker
    /// is not to end.
    private var deadline: Int64?
    /// Why the worker ends: the first reason that it was given.
    private var reason = ShutdownReason.shutdownSignal
    /// Whether applications are to learn at once that the worker ends; `nil`: they have learned it.
    private var announcesEndNow: Bool? = false
    private var isDeaf = false
    /// The time of the next search for connections that no thread has taken while the worker drains; 0: it does not
    /// drain.
    private var nextLook: Int64 = 0

    /// Milliseconds for a thread to take a connection.
    private static let idleTime: Int64 = 200

    /// Catches the signals for a worker.
    init(_ worker: Worker) throws(SystemError) {
        let poller = try Poller()
        let signals = try SignalPipe([SIGTERM, SIGINT, SIGUSR1, SIGXCPU, SIGHUP, SIGUSR2])
        let python = try WorkerSignals()
        try poller.add(worker.control.raw, .readable, token: Token.control)
        try poller.add(signals.raw, .readable, token: Token.signals)
        try poller.add(python.raw, .readable, token: Token.handlers)
        CurrentProcess.installForkGuard()
        for raw in [
            worker.control.raw, worker.reports.raw, WorkerDescriptors.listener, WorkerDescriptors.board,
            worker.poller.raw,
            poller.raw, signals.raw, python.raw,
        ] {
            CurrentProcess.guardFromForks(raw, true)
        }
        self.worker = worker
        self.poller = poller
        self.signals = signals
        self.python = python
    }

    /// Starts the request threads and reports that the worker is ready.
    func startThreads() throws(SystemError) {
        for number in 1...max(worker.spec.threads, 1) { try WorkerThread.start(worker, number: number) }
        try WorkerMonitor.start(worker)
        try ControlMessage.sendReady(on: worker.reports)
    }

    /// Listens until the worker has drained. Releases the GIL meanwhile. False: the time expired before its requests
    /// had ended.
    mutating func run() -> Bool {
        python.leavePython()
        defer { python.enterPython() }
        while true {
            if announcesEndNow == true { announceEnd() }
            if deadline != nil, worker.isQuiet {
                announceEnd()
                return worker.connections.count == 0
            }
            let left = deadline.map { $0 - Clock.milliseconds() }
            if let left, left <= 0, !worker.isEndHeld {
                let count = worker.active
                if count > 0 { reportCut(count) }
                announceEnd()
                return count == 0
            }
            if deadline != nil, Clock.milliseconds() >= nextLook {
                if nextLook > 0 { worker.closeIdle() }
                nextLook = Clock.milliseconds() + Self.idleTime
            }
            switch poller.wait(milliseconds: Int32(clamping: left.map { min(max($0, 10), Self.idleTime) } ?? -1)) {
            case .ready(token: Token.control, _): receive()
            case .ready(token: Token.signals, _):
                while let byte = signals.next() { take(signal: Int32(byte)) }
            case .ready(token: Token.handlers, _):
                if !python.runHandlers() { endSoon() }
            case .ready, .timeout, .interrupted: break
            case .broken: endSoon()
            }
        }
    }

    /// Passes `process_stopping` to the applications.
    private mutating func announceEnd() {
        guard announcesEndNow != nil else { return }
        announcesEndNow = nil
        Adapter.announceStopping(reason.name)
    }

    private func reportCut(_ count: Int) {
        let requests = count == 1 ? "1 request" : "\(count) requests"
        WorkerLog.write(
            WSGI_LOG_WARNING, .requestsCut,
            "The time to end has expired; \(requests) under way will be cut:\(StuckRequests(worker).all())")
    }

    // MARK: - Commands of the supervisor

    private mutating func receive() {
        do throws(SystemError) {
            while let packet = try worker.control.receive(wait: false) {
                guard !packet.bytes.isEmpty else { throw SystemError("recvmsg", 0) }
                if let message = ControlPacket(packet.bytes) { take(message, packet.descriptors) }
                for raw in packet.descriptors { Descriptor.close(raw: raw) }
            }
        } catch  where error.mayPass {
            Clock.sleep(milliseconds: 10)
        } catch {
            // The supervisor has ended. Its successor starts new workers; this one drains and ends.
            poller.remove(worker.control.raw)
            guard !isDeaf else { return }
            isDeaf = true
            drain(
                requests: worker.spec.gracefulTimeout,
                total: worker.spec.gracefulTimeout + worker.spec.shutdownTimeout, because: .controlLost)
        }
    }

    private mutating func take(_ message: ControlPacket, _ descriptors: [Int32]) {
        switch message.kind {
        case .serve: serve()
        case .drain:
            drain(requests: message.number(0), total: message.number(1), because: message.drainReason)
        case .log:
            guard let log = descriptors.first else { return }
            for raw: Int32 in [1, 2] { try? Descriptor.replace(raw, with: log) }
        case .codeFailed:
            if let code = message.code { Adapter.markFailed(code.path, modified: code.modified) }
        case .stackWanted:
            if let wanted = message.wantedStack {
                StackReport.begin(worker, thread: Int(wanted.thread), id: wanted.id)
            }
        case .proven:
            if let script = message.script { Adapter.noteProven(script) }
        case .inspect, .inspectStack, .stack, .descriptors, .configuration, .stop, .restarting, .start, .ready, .loaded,
            .retire, .failed,
            .served,
            .changed,
            .unusable,
            .loading:
            break
        }
    }

    /// Begins to accept connections. If that fails, ends so that another process can.
    private mutating func serve() {
        do throws(SystemError) { try worker.serve() } catch {
            WorkerLog.write(
                WSGI_LOG_ERR, .workerSetupFailed,
                "The process cannot wait for connections (\(error)); it ends and is replaced.")
            endSoon()
        }
    }

    private mutating func take(signal: Int32) {
        switch signal {
        case SIGTERM, SIGINT:
            worker.retire(.shutdownSignal, "the former process received \(ProcessHandle.signalName(signal))")
            endSoon()
        case SIGUSR1:
            worker.retire(
                worker.spec.evictionTimeout > 0 ? .evictionSignal : .gracefulSignal, "a signal asked for it (SIGUSR1)")
        case SIGXCPU:
            worker.retire(.cpuTimeLimit, "it has used its CPU time of \(worker.spec.cpuTimeLimit) s")
        case SIGHUP, SIGUSR2:
            let name = ProcessHandle.signalName(signal)
            guard !Adapter.announceSignal(name, signal) else { break }
            WorkerLog.write(WSGI_LOG_INFO, "\(name) has no meaning here and was ignored.")
        default:
            // `Worker.Note.ended` only ends the wait.
            break
        }
    }

    /// Ends within the shutdown timeout.
    private mutating func endSoon() {
        drain(
            requests: worker.spec.shutdownTimeout, total: worker.spec.shutdownTimeout, because: .shutdownSignal)
    }

    /// Ends within this time. A later call can only shorten it. Times are in seconds.
    private mutating func drain(requests: Int, total: Int, because reason: ShutdownReason) {
        if deadline == nil { self.reason = reason }
        // Without a graceful timeout, requests that wait for the end must learn of it now. Otherwise the process serves
        // until its requests have ended, and applications must not close what they use.
        if requests >= total, requests > 0, announcesEndNow != nil { announcesEndNow = true }
        let now = Clock.milliseconds()
        let end = now + Int64(requests) * 1_000
        // Slightly later than the requests' time, to leave time for logging the requests that were cut.
        worker.endProcess(at: now + Int64(max(total, requests)) * 1_000 + 300)
        if let deadline {
            self.deadline = min(deadline, end)
        } else {
            deadline = end
            worker.beginDraining()
        }
    }
}
