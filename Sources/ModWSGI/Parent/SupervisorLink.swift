internal import CHTTPD
internal import Glibc
internal import ProcessKit
internal import WSGICore
internal import WSGIDeployment
internal import WSGIWire

/// The supervisor as seen by the httpd parent: starts it, sends it the configuration, and starts it again if it dies.
///
/// It outlives restarts. After a graceful restart the same supervisor receives the new configuration. Before a hard
/// one, or when httpd stops, the parent stops it and waits for its end. Only the parent uses it, on its one thread.
enum SupervisorLink {
    @safe nonisolated(unsafe) private static var board: (file: Int32, scoreboard: Scoreboard)?
    @safe nonisolated(unsafe) private static var control: Int32 = -1
    @safe nonisolated(unsafe) private static var process: Int32 = 0
    nonisolated(unsafe) private static var record = unsafe apr_proc_t()
    /// Pid of the owning parent. Children inherit a copy and must not act on it.
    @safe nonisolated(unsafe) private static var owner: Int32 = 0
    /// The supervisor's heartbeat, and its requests for the configuration.
    @safe nonisolated(unsafe) private static var status: SupervisorStatus?
    /// Detects a supervisor that no longer runs its event loop.
    @safe nonisolated(unsafe) private static var pulse = Pulse()
    @safe nonisolated(unsafe) private static var isEnding = false
    /// Whether the supervisor was killed because its heartbeat stopped.
    @safe nonisolated(unsafe) private static var wasKilled = false
    /// Whether sending the configuration has failed and must be tried again.
    @safe nonisolated(unsafe) private static var isDue = false
    @safe nonisolated(unsafe) private static var lastSpec = SupervisorSpec()
    @safe nonisolated(unsafe) private static var lastDescriptors: [Int32] = []
    @safe nonisolated(unsafe) private static var program = ""
    /// The groups that it runs, for the next configuration.
    @safe nonisolated(unsafe) static var formerGroups = FormerGroups()
    nonisolated(unsafe) private static var main: Server?

    /// Seconds that the supervisor may take to end beyond its longest shutdown-timeout.
    private static let patience = 3
    /// Seconds that it may be without a heartbeat. httpd checks every ten seconds, so it is replaced within thirty.
    private static let silence = 19

    /// Whether there is a supervisor.
    static var isRunning: Bool { process != 0 }

    /// Whether the processes continue to run, because this is a graceful restart.
    static var keepsProcesses: Bool { process != 0 && !isEnding }

    /// The scoreboard, made at the first use and kept until httpd ends.
    static func prepareScoreboard() throws(SystemError) -> Scoreboard {
        if let known = board { return known.scoreboard }
        let made = try Scoreboard.make()
        board = made
        return made.scoreboard
    }

    /// Sends the supervisor a configuration, and starts it if necessary. The caller keeps the descriptors.
    static func configure(_ spec: SupervisorSpec, descriptors: [Int32], _ main: Server, _ pool: Pool) {
        let isFirst = owner == 0
        owner = getpid()
        unsafe self.main = main
        program = moduleDirectory() + "/mod_wsgi/wsgi-supervisor"
        let number = lastSpec.configuration &+ 1
        lastSpec = spec
        lastSpec.configuration = number
        lastDescriptors = descriptors
        if isFirst, let forever = unsafe main.pointee.process?.pointee.pool {
            unsafe chttpd_cleanup(forever, nil, endWithHTTPD)
        }
        if isEnding { waitForEnd() }
        // It ended by itself if httpd was restarted without this module, which stays in memory.
        if process != 0, waitpid(process, nil, WNOHANG) != 0 { forget() }
        if process == 0 { start() } else { send() }
        if process != 0 { unsafe register(pool) }
        unsafe chttpd_cleanup(pool, nil, restartCleanup)
    }

    /// Announces to the supervisor that httpd discards the configuration, because it reads it again or ends.
    fileprivate static func announceRestart() {
        guard getpid() == owner, process != 0, !isEnding, let own = try? Descriptor.duplicate(control) else { return }
        try? PacketSocket(adopting: own.release()).send(.restarting)
    }

    private static func forget() {
        if control >= 0 { close(control) }
        control = -1
        process = 0
    }

    /// Releases in a child what only the parent may use.
    static func leaveToParent() {
        guard getpid() != owner else { return }
        if control >= 0 { close(control) }
        control = -1
        // Children must not hold the environments of process groups.
        lastSpec = SupervisorSpec()
        formerGroups = FormerGroups()
        process = 0
        // An embedded application must not be able to act as the supervisor.
        status = nil
        DaemonGroups.inspection?.leaveToParent()
        if let file = board?.file, file >= 0 { close(file) }
        board?.file = -1
    }

    // MARK: - Starting

    private static func start() {
        do {
            let status = try SupervisorStatus()
            let inspection = try DaemonGroups.inspection ?? Inspection()
            DaemonGroups.inspection = inspection
            let pair = try PacketSocket.pair()
            let null = try Descriptor.null()
            let log = lastDescriptors.first ?? 2
            var request = SpawnRequest(
                executable: program, arguments: [program, String(getpid())], environment: CurrentProcess.environment())
            request.descriptors = [
                null.raw, log, log, pair.theirs.raw, board?.file ?? -1, status.file.raw,
                inspection.facts, inspection.reading,
            ]
            let descriptor = try Descriptor.duplicate(pair.ours.raw)
            do { process = try request.start() } catch {
                return giveUp(
                    "'\(program)' cannot be started (\(error.step): \(error.reason)); install the module again.")
            }
            control = descriptor.release()
            self.status = status
            pulse = Pulse()
            wasKilled = false
        } catch {
            return giveUp("its sockets and memory cannot be created: \(error).")
        }
        send()
    }

    /// Without a supervisor there will be no workers: waiting requests are answered at once.
    private static func giveUp(_ text: String) {
        unsafe Log.server(
            main, .critical, .supervisorFailed, "The supervisor of daemon processes is not running: " + text)
        guard let board else { return }
        for group in lastSpec.groups {
            for slot in group.slots {
                board.scoreboard.close(group: group.index, slot: slot.index)
                guard lastDescriptors.indices.contains(slot.listenerDescriptor) else { continue }
                StreamSocket.turnAway(lastDescriptors[slot.listenerDescriptor])
            }
            board.scoreboard.setState(of: group.index, .failed)
        }
    }

    private static func send() {
        do {
            isDue = true
            let socket = PacketSocket(adopting: try Descriptor.duplicate(control).release())
            // An empty list first: it discards the descriptors of an interrupted attempt.
            try socket.send(.descriptors)
            var rest = lastDescriptors[...]
            while !rest.isEmpty {
                try socket.send(.descriptors, descriptors: Array(rest.prefix(PacketSocket.maximumDescriptors)))
                rest = rest.dropFirst(PacketSocket.maximumDescriptors)
            }
            var encoded = ByteBuffer()
            SpecCodec.encode(lastSpec, into: &encoded)
            let file = try unsafe MemoryFile.create("wsgi-configuration", contents: encoded.bytes)
            try socket.send(.configuration, descriptors: [file.raw])
            isDue = false
        } catch {
            unsafe Log.server(
                main, .critical, .supervisorFailed,
                "The configuration cannot be sent to the supervisor of daemon processes (\(error.description)); it "
                    + "keeps the former one. The attempt is repeated every few seconds.")
        }
    }

    /// Makes httpd report the end of the process. httpd drops the record at each restart.
    private static func register(_ pool: Pool) {
        unsafe record = apr_proc_t()
        unsafe record.pid = process
        unsafe apr_proc_other_child_register(&record, supervisorEvent, nil, nil, pool)
    }

    // MARK: - Ending

    /// Handles httpd's report about the supervisor's process, in the parent.
    fileprivate static func event(_ reason: Int32) {
        guard getpid() == owner else { return }
        switch reason {
        case APR_OC_REASON_RESTART:
            requestEnd()
        case APR_OC_REASON_DEATH, APR_OC_REASON_LOST:
            apr_proc_other_child_unregister(nil)
            died()
        default: break
        }
    }

    private static func died() {
        forget()
        guard !isEnding, MPM.query(AP_MPMQ_MPM_STATE) != AP_MPMQ_STOPPING else { return }
        if !wasKilled {
            unsafe Log.server(
                main, .error, .supervisorFailed,
                "The supervisor of daemon processes has died and is started again; requests under way continue.")
        }
        startAgain()
    }

    private static func startAgain() {
        start()
        if process != 0, let pool = unsafe main?.pointee.process?.pointee.pconf { unsafe register(pool) }
    }

    /// Called about every ten seconds. Retries what failed for lack of memory, processes or descriptors, and replaces a
    /// supervisor that no longer responds.
    static func look() {
        guard getpid() == owner, !isEnding, MPM.query(AP_MPMQ_MPM_STATE) != AP_MPMQ_STOPPING else { return }
        reportDamage()
        Metrics.current?.reviewSlow()
        guard process != 0, let status else {
            if !lastSpec.groups.isEmpty { startAgain() }
            return
        }
        guard !wasKilled else { return replaceUnending() }
        if pulse.isSilent(beats: status.beats, looks: 2, for: silence) { return kill() }
        let isWanted = status.takeWish()
        if isDue || isWanted { send() }
    }

    /// Kills a supervisor whose event loop hangs. httpd reports its end, and another one is started.
    private static func kill() {
        unsafe Log.server(
            main, .error, .supervisorFailed,
            "The supervisor of daemon processes (pid \(process)) has not responded for \(silence) s: it is stopped or "
                + "blocked. It is killed and started again; requests under way continue.")
        wasKilled = true
        Glibc.kill(process, SIGKILL)
    }

    /// Replaces a killed supervisor that does not end, because it is in an uninterruptible system call.
    private static func replaceUnending() {
        unsafe Log.server(
            main, .error, .supervisorFailed,
            "The supervisor of daemon processes (pid \(process)) was killed but does not end, because it is in an "
                + "uninterruptible system call; another one is started.")
        apr_proc_other_child_unregister(nil)
        forget()
        startAgain()
    }

    private static func reportDamage() {
        let count = board.map { $0.scoreboard.takeResets() } ?? 0
        guard count > 0 else { return }
        unsafe Log.server(
            main, .error, .scoreboardDamaged,
            "The shared memory of the request queues was damaged and has been repaired \(count) times: waiting "
                + "requests lost their places in the queue. Code in one of httpd's processes writes to memory that it "
                + "does not own: look for an application that runs in them (process-group=%{GLOBAL}), and for other "
                + "modules.")
    }

    private static func requestEnd() {
        guard process != 0, !isEnding else { return }
        isEnding = true
        do throws(SystemError) {
            try PacketSocket(adopting: Descriptor.duplicate(control).release()).send(.stop)
        } catch {
            // The signal has the same meaning and needs no buffer space.
            Glibc.kill(process, SIGTERM)
        }
    }

    /// Waits for a supervisor that was asked to end, and kills it after the time limit. Its workers end with it.
    private static func waitForEnd() {
        let longest = lastSpec.groups.compactMap { $0.process.worker?.shutdownTimeout }.max() ?? 0
        let deadline = Instant.now.adding(seconds: longest + patience)
        var pulse = Pulse()
        var giveUp: Instant?
        while process != 0, waitpid(process, nil, WNOHANG) == 0 {
            let isSilent = pulse.isSilent(beats: status?.beats ?? 0, looks: 2, for: patience)
            if giveUp == nil, isSilent || deadline.millisecondsLeft <= 0 {
                Glibc.kill(process, SIGKILL)
                giveUp = Instant.now.adding(seconds: patience)
            }
            if let giveUp, giveUp.millisecondsLeft <= 0 { break }
            usleep(5000)
        }
        forget()
        isEnding = false
    }

    /// Ends all processes when httpd ends. The parent ends last, so that no process outlives it.
    fileprivate static func end() {
        guard getpid() == owner else { return }
        requestEnd()
        waitForEnd()
        SlotRegistry.closeAll()
    }
}

private let supervisorEvent: @convention(c) (Int32, UnsafeMutableRawPointer?, Int32) -> Void = { reason, _, _ in
    SupervisorLink.event(reason)
}

private let restartCleanup: @convention(c) (UnsafeMutableRawPointer?) -> apr_status_t = { _ in
    SupervisorLink.announceRestart()
    return APR_SUCCESS
}

private let endWithHTTPD: @convention(c) (UnsafeMutableRawPointer?) -> apr_status_t = { _ in
    SupervisorLink.end()
    return APR_SUCCESS
}

extension PacketSocket {
    /// Sends a packet that consists of its kind and descriptors.
    ///
    /// Never waits for the supervisor, which may be stopped: a full socket is an error.
    fileprivate func send(_ kind: ControlKind, descriptors: [Int32] = []) throws(SystemError) {
        var number = kind.rawValue
        try unsafe withUnsafeBytes(of: &number) { bytes throws(SystemError) in
            try unsafe send(bytes, descriptors: descriptors, wait: false)
        }
    }
}
