internal import CHTTPD
internal import CSystem
internal import Glibc
internal import ProcessKit
internal import WSGICore
internal import WSGIWire

/// The httpd parent's end of the supervisor: starts it, tells it the configuration, starts it again when it dies.
///
/// It outlives restarts: after a graceful one the same supervisor receives the new configuration; before a hard one, or
/// when httpd stops, it is told to end, and waited for. Only the parent uses it, on its one thread.
enum SupervisorLink {
    nonisolated(unsafe) private static var board: (file: Int32, memory: UnsafeMutablePointer<wsgi_scoreboard>)?
    @safe nonisolated(unsafe) private static var control: Int32 = -1
    @safe nonisolated(unsafe) private static var process: Int32 = 0
    nonisolated(unsafe) private static var record = unsafe apr_proc_t()
    /// The process these are the affairs of: children inherit the memory but not the duty.
    @safe nonisolated(unsafe) private static var owner: Int32 = 0
    @safe nonisolated(unsafe) private static var isEnding = false
    /// Whether the configuration has yet to be sent, because it could not be.
    @safe nonisolated(unsafe) private static var isDue = false
    @safe nonisolated(unsafe) private static var lastSpec = SupervisorSpec()
    @safe nonisolated(unsafe) private static var lastDescriptors: [Int32] = []
    @safe nonisolated(unsafe) private static var program = ""
    nonisolated(unsafe) private static var main: Server?

    /// How long a supervisor that was told to end may take beyond its longest shutdown-timeout, in seconds.
    private static let patience = 3

    /// Whether there is a supervisor.
    static var isRunning: Bool { process != 0 }

    /// Whether what runs goes on: this is a graceful restart.
    static var keepsProcesses: Bool { process != 0 && !isEnding }

    /// The scoreboard; made at first use, and kept until httpd ends.
    static func prepareBoard() throws(SystemError) -> UnsafeMutablePointer<wsgi_scoreboard> {
        if let board = unsafe board { return unsafe board.memory }
        let file = try MemoryFile.create("wsgi-scoreboard")
        let size = wsgi_scoreboard_size()
        guard ftruncate(file.raw, off_t(size)) == 0 else { throw SystemError("ftruncate", errno) }
        guard let memory = unsafe mmap(nil, size, PROT_READ | PROT_WRITE, MAP_SHARED, file.raw, 0),
            unsafe memory != MAP_FAILED
        else {
            throw SystemError("mmap", errno)
        }
        let made = unsafe memory.assumingMemoryBound(to: wsgi_scoreboard.self)
        unsafe wsgi_scoreboard_prepare(made)
        unsafe board = (file.release(), made)
        return unsafe made
    }

    /// Gives the supervisor a configuration; starts it if there is none. The descriptors stay the caller's.
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
        // It has ended by itself if httpd was restarted without this module, which stays in memory.
        if process != 0, waitpid(process, nil, WNOHANG) != 0 { forget() }
        if process == 0 { start() } else { send() }
        if process != 0 { unsafe register(pool) }
        unsafe chttpd_cleanup(pool, nil, tellOfRestart)
    }

    /// httpd gives up the configuration, to read it again or because it ends.
    fileprivate static func announceRestart() {
        guard getpid() == owner, process != 0, !isEnding, let own = try? Descriptor.duplicate(control) else { return }
        try? PacketSocket(adopting: own.release()).send(.restarting, wait: false)
    }

    private static func forget() {
        if control >= 0 { close(control) }
        control = -1
        process = 0
    }

    /// In a child: lets go of what is the parent's alone.
    static func leaveToParent() {
        guard getpid() != owner else { return }
        if control >= 0 { close(control) }
        control = -1
        // The environments of process groups are no business of those who serve clients.
        lastSpec = SupervisorSpec()
        FormerGroups.remember([:])
        process = 0
    }

    // MARK: - Starting

    private static func start() {
        do {
            let pair = try PacketSocket.pair()
            let null = try Descriptor.null()
            let log = lastDescriptors.first ?? 2
            var request = SpawnRequest(
                executable: program, arguments: [program, String(getpid())], environment: CurrentProcess.environment())
            request.descriptors = unsafe [null.raw, log, log, pair.theirs.raw, board?.file ?? -1]
            let descriptor = try Descriptor.duplicate(pair.ours.raw)
            do { process = try request.start() } catch {
                return giveUp(
                    "'\(program)' cannot be started (\(error.step): \(error.reason)); install the module again.")
            }
            control = descriptor.release()
        } catch {
            return giveUp("its control socket cannot be made: \(error).")
        }
        send()
    }

    /// There is no supervisor, and so there will be no workers: requests are answered at once.
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
            // Without descriptors: those of an attempt that broke off are void.
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

    /// httpd tells about the end of the process through this record; it is forgotten at each restart.
    private static func register(_ pool: Pool) {
        unsafe record = apr_proc_t()
        unsafe record.pid = process
        unsafe apr_proc_other_child_register(&record, supervisorEvent, nil, nil, pool)
    }

    // MARK: - Ending

    /// Called by httpd about the supervisor's process, in the parent.
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
        guard !isEnding, HostFacts.query(AP_MPMQ_MPM_STATE) != AP_MPMQ_STOPPING else { return }
        unsafe Log.server(
            main, .error, .supervisorFailed,
            "The supervisor of daemon processes has died and is started again; requests under way go on.")
        startAgain()
    }

    private static func startAgain() {
        start()
        if process != 0, let pool = unsafe main?.pointee.process?.pointee.pconf { unsafe register(pool) }
    }

    /// Tries again what could not be done for want of memory, processes or descriptors; called now and then.
    static func tryAgain() {
        guard getpid() == owner, !isEnding, HostFacts.query(AP_MPMQ_MPM_STATE) != AP_MPMQ_STOPPING else { return }
        if process != 0 {
            let isLacking = unsafe board.map { unsafe wsgi_scoreboard_set_lacking($0.memory, false) } ?? false
            if isDue || isLacking { send() }
        } else if !lastSpec.groups.isEmpty {
            startAgain()
        }
    }

    private static func tellToEnd() {
        guard process != 0, !isEnding else { return }
        isEnding = true
        guard let own = try? Descriptor.duplicate(control) else { return }
        try? PacketSocket(adopting: own.release()).send(.stop)
    }

    /// Waits for a supervisor that was told to end, and ends it when it takes too long. Its workers follow it.
    private static func waitForEnd() {
        let longest = lastSpec.groups.compactMap { $0.process.worker?.shutdownTimeout }.max() ?? 0
        let deadline = MonotonicTime.now.adding(seconds: longest + patience)
        while process != 0, waitpid(process, nil, WNOHANG) == 0 {
            if deadline.millisecondsLeft <= 0 { kill(process, SIGKILL) }
            usleep(5000)
        }
        forget()
        isEnding = false
    }

    /// Ends everything when httpd ends: the parent is the last to go, so that nothing outlives it.
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
    /// Sends a packet that is nothing but its kind, with descriptors.
    fileprivate func send(_ kind: ControlKind, descriptors: [Int32] = [], wait: Bool = true) throws(SystemError) {
        var number = kind.rawValue
        try unsafe withUnsafeBytes(of: &number) { bytes throws(SystemError) in
            try unsafe send(bytes, descriptors: descriptors, wait: wait)
        }
    }
}
