internal import CHTTPD
internal import CSharedMemory
internal import Glibc
internal import ProcessKit
internal import WSGICore
internal import WSGIWire

/// The httpd parent's link to the supervisor: starts it, sends it the configuration, and restarts it if it dies.
///
/// It outlives restarts. After a graceful restart, the same supervisor receives the new configuration. Before a hard
/// restart, or when httpd stops, the parent stops the supervisor and waits for it. Used only by the parent, on its one
/// thread.
enum SupervisorLink {
    nonisolated(unsafe) private static var board: (file: Int32, memory: UnsafeMutablePointer<wsgi_scoreboard>)?
    @safe nonisolated(unsafe) private static var control: Int32 = -1
    @safe nonisolated(unsafe) private static var process: Int32 = 0
    nonisolated(unsafe) private static var record = unsafe apr_proc_t()
    /// Pid of the owning parent. Children inherit a copy and must not act on it.
    @safe nonisolated(unsafe) private static var owner: Int32 = 0
    /// The supervisor's heartbeat and its requests for the configuration.
    @safe nonisolated(unsafe) private static var status: SupervisorStatus?
    /// Detects whether the supervisor still runs.
    @safe nonisolated(unsafe) private static var pulse = Pulse()
    @safe nonisolated(unsafe) private static var isEnding = false
    /// Whether the supervisor was killed because it did not respond.
    @safe nonisolated(unsafe) private static var wasKilled = false
    /// Whether the configuration must be sent again because sending failed.
    @safe nonisolated(unsafe) private static var isDue = false
    @safe nonisolated(unsafe) private static var lastSpec = SupervisorSpec()
    @safe nonisolated(unsafe) private static var lastDescriptors: [Int32] = []
    @safe nonisolated(unsafe) private static var program = ""
    nonisolated(unsafe) private static var main: Server?

    /// The time that a stopping supervisor may take beyond its longest shutdown-timeout, in seconds.
    private static let patience = 3
    /// The time without a heartbeat after which it is replaced, in seconds. httpd checks every ten seconds, so a
    /// supervisor is replaced within thirty.
    private static let silence = 19

    /// Whether there is a supervisor.
    static var isRunning: Bool { process != 0 }

    /// Whether the daemon processes keep running: this is a graceful restart.
    static var keepsProcesses: Bool { process != 0 && !isEnding }

    /// The scoreboard. Created at first use, and kept until httpd ends.
    static func prepareBoard() throws(SystemError) -> UnsafeMutablePointer<wsgi_scoreboard> {
        if let board = unsafe board { return unsafe board.memory }
        // Children have the file, too. If one of them could truncate it, access to it would end the parent.
        let file = try MemoryFile.create("wsgi-scoreboard", size: wsgi_scoreboard_size())
        let made = unsafe try MemoryFile.map(file.raw, size: wsgi_scoreboard_size())
            .assumingMemoryBound(to: wsgi_scoreboard.self)
        unsafe wsgi_scoreboard_prepare(made)
        unsafe board = (file.release(), made)
        return unsafe made
    }

    /// Sends the supervisor a configuration, or starts it if there is none. The caller keeps the descriptors.
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
        // It has ended if httpd was restarted without this module, which stays in memory.
        if process != 0, waitpid(process, nil, WNOHANG) != 0 { forget() }
        if process == 0 { start() } else { send() }
        if process != 0 { unsafe register(pool) }
        unsafe chttpd_cleanup(pool, nil, tellOfRestart)
    }

    /// Called when httpd releases the configuration, to read it again or because it ends.
    fileprivate static func announceRestart() {
        guard getpid() == owner, process != 0, !isEnding, let own = try? Descriptor.duplicate(control) else { return }
        try? PacketSocket(adopting: own.release()).send(.restarting)
    }

    private static func forget() {
        if control >= 0 { close(control) }
        control = -1
        process = 0
    }

    /// Called in a child. Releases resources that belong to the parent only.
    static func leaveToParent() {
        guard getpid() != owner else { return }
        if control >= 0 { close(control) }
        control = -1
        // Processes that serve clients must not hold the environments of process groups.
        lastSpec = SupervisorSpec()
        FormerGroups.remember([:])
        process = 0
        // An application must not be able to impersonate the supervisor.
        status = nil
        if let file = unsafe board?.file, file >= 0 { close(file) }
        unsafe board?.file = -1
    }

    // MARK: - Starting

    private static func start() {
        do {
            let status = try SupervisorStatus()
            let pair = try PacketSocket.pair()
            let null = try Descriptor.null()
            let log = lastDescriptors.first ?? 2
            var request = SpawnRequest(
                executable: program, arguments: [program, String(getpid())], environment: CurrentProcess.environment())
            request.descriptors = unsafe [null.raw, log, log, pair.theirs.raw, board?.file ?? -1, status.file.raw]
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
            return giveUp("its sockets and memory cannot be made: \(error).")
        }
        send()
    }

    /// Marks all groups as failed: without a supervisor there are no workers, so requests are answered at once.
    private static func giveUp(_ text: String) {
        unsafe Log.server(
            main, .critical, .supervisorFailed, "The supervisor of daemon processes is not running: " + text)
        guard let board = unsafe board else { return }
        for group in lastSpec.groups {
            for slot in group.slots {
                unsafe wsgi_slot_close(board.memory, group.index, slot.index)
                guard lastDescriptors.indices.contains(slot.listenerDescriptor) else { continue }
                StreamSocket.turnAway(lastDescriptors[slot.listenerDescriptor])
            }
            unsafe wsgi_group_set_state(board.memory, group.index, WSGI_GROUP_FAILED)
        }
    }

    private static func send() {
        do {
            isDue = true
            let socket = PacketSocket(adopting: try Descriptor.duplicate(control).release())
            // A packet without descriptors discards those of an interrupted attempt.
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
                "The supervisor of daemon processes does not take the configuration (\(error.description)); "
                    + "it keeps the former one. It is tried again every few seconds.")
        }
    }

    /// Registers the process, so that httpd reports its end. httpd drops the record at each restart.
    private static func register(_ pool: Pool) {
        unsafe record = apr_proc_t()
        unsafe record.pid = process
        unsafe apr_proc_other_child_register(&record, supervisorEvent, nil, nil, pool)
    }

    // MARK: - Ending

    /// Called by httpd in the parent when the state of the supervisor's process changes.
    fileprivate static func event(_ reason: Int32) {
        guard getpid() == owner else { return }
        switch reason {
        case APR_OC_REASON_RESTART:
            tellToEnd()
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
                "The supervisor of daemon processes has died and is started again; requests under way go on.")
        }
        startAgain()
    }

    private static func startAgain() {
        start()
        if process != 0, let pool = unsafe main?.pointee.process?.pointee.pconf { unsafe register(pool) }
    }

    /// Called about every ten seconds. Retries operations that failed for lack of memory, processes or descriptors, and
    /// replaces a supervisor that does not respond.
    static func look() {
        guard getpid() == owner, !isEnding, MPM.query(AP_MPMQ_MPM_STATE) != AP_MPMQ_STOPPING else { return }
        reportDamage()
        guard process != 0, let status else {
            if !lastSpec.groups.isEmpty { startAgain() }
            return
        }
        guard !wasKilled else { return replaceUnending() }
        if pulse.isSilent(beats: status.beats, looks: 2, for: silence) { return kill() }
        let isWanted = status.takeWish()
        if isDue || isWanted { send() }
    }

    /// Kills a supervisor whose event loop is blocked. httpd reports its end, and another one is started.
    private static func kill() {
        unsafe Log.server(
            main, .error, .supervisorFailed,
            "The supervisor of daemon processes (pid \(process)) has given no sign of life for \(silence) s: it is stopped, or "
                + "waits for something. It is killed and started again; requests under way go on.")
        wasKilled = true
        Glibc.kill(process, SIGKILL)
    }

    /// Replaces a killed supervisor that has not ended, because it is in an uninterruptible system call.
    private static func replaceUnending() {
        unsafe Log.server(
            main, .error, .supervisorFailed,
            "The supervisor of daemon processes (pid \(process)) was killed and does not end, because the system holds it; "
                + "another one is started.")
        apr_proc_other_child_unregister(nil)
        forget()
        startAgain()
    }

    private static func reportDamage() {
        let count = unsafe board.map { unsafe wsgi_scoreboard_take_resets($0.memory) } ?? 0
        guard count > 0 else { return }
        unsafe Log.server(
            main, .error, .scoreboardDamaged,
            "The memory in which requests wait for daemon processes was damaged and has been repaired \(count) times: "
                + "waiting requests lost their place in the queue. Code in one of httpd's processes writes where it must not: look for an "
                + "application that runs in them (process-group=%{GLOBAL}), and for other modules.")
    }

    private static func tellToEnd() {
        guard process != 0, !isEnding else { return }
        isEnding = true
        do throws(SystemError) {
            try PacketSocket(adopting: Descriptor.duplicate(control).release()).send(.stop)
        } catch {
            // The signal has the same effect, and needs no space in the socket's buffer.
            Glibc.kill(process, SIGTERM)
        }
    }

    /// Waits for a stopping supervisor, and kills it if it takes too long. Its workers end with it.
    private static func waitForEnd() {
        let longest = lastSpec.groups.compactMap { $0.process.worker?.shutdownTimeout }.max() ?? 0
        let deadline = MonotonicTime.now.adding(seconds: longest + patience)
        var pulse = Pulse()
        var giveUp: MonotonicTime?
        while process != 0, waitpid(process, nil, WNOHANG) == 0 {
            let isSilent = pulse.isSilent(beats: status?.beats ?? 0, looks: 2, for: patience)
            if giveUp == nil, isSilent || deadline.millisecondsLeft <= 0 {
                Glibc.kill(process, SIGKILL)
                giveUp = MonotonicTime.now.adding(seconds: patience)
            }
            if let giveUp, giveUp.millisecondsLeft <= 0 { break }
            usleep(5000)
        }
        forget()
        isEnding = false
    }

    /// Stops the supervisor and closes the sockets when httpd ends. The parent ends last, so that nothing outlives it.
    fileprivate static func end() {
        guard getpid() == owner else { return }
        tellToEnd()
        waitForEnd()
        SlotRegistry.closeAll()
    }
}

private let supervisorEvent: @convention(c) (Int32, UnsafeMutableRawPointer?, Int32) -> Void = { reason, _, _ in
    SupervisorLink.event(reason)
}

private let tellOfRestart: @convention(c) (UnsafeMutableRawPointer?) -> apr_status_t = { _ in
    SupervisorLink.announceRestart()
    return APR_SUCCESS
}

private let endWithHTTPD: @convention(c) (UnsafeMutableRawPointer?) -> apr_status_t = { _ in
    SupervisorLink.end()
    return APR_SUCCESS
}

extension PacketSocket {
    /// Sends a packet that consists of its kind only, with descriptors.
    /// It never waits for the supervisor, which may be stopped. A full socket is an error.
    fileprivate func send(_ kind: ControlKind, descriptors: [Int32] = []) throws(SystemError) {
        var number = kind.rawValue
        try unsafe withUnsafeBytes(of: &number) { bytes throws(SystemError) in
            try unsafe send(bytes, descriptors: descriptors, wait: false)
        }
    }
}
