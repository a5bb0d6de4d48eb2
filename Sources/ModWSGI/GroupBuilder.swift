internal import CHTTPD
internal import CSystem
internal import ProcessKit
internal import WSGIConfig
internal import WSGICore

/// Turns `WSGIDaemonProcess` definitions into what the supervisor runs and what children connect to.
///
/// A group that cannot run is reported, with its place and the remedy, and answers 503; everything else goes on.
@safe struct GroupBuilder {
    /// For the children, in the order of definition.
    private(set) var groups: [DaemonGroup] = []
    /// For the supervisor: the groups that can run.
    private(set) var spec = SupervisorSpec()
    /// The descriptors that go with `spec`; they stay their owners'.
    private(set) var descriptors: [Int32] = []

    private let global: GlobalSettings
    private let host: HostFacts
    private let main: Server

    init(_ global: GlobalSettings, _ host: HostFacts, _ main: Server) {
        self.global = global
        self.host = host
        unsafe self.main = main
        spec.engine = host.companions + "/_wsgi_engine.abi3.so"
        descriptors = unsafe [Self.logDescriptor(main)]
        spec.logDescriptor = 0
        spec.logLevel = unsafe Int(chttpd_log_level(main))
    }

    /// Adds a group.
    mutating func add(_ group: ProcessGroups.Group, preloads: [ScriptSpec]) {
        let definition = group.definition
        let options = definition.options
        let log = unsafe server(group.server)
        let index = SlotRegistry.group(definition.name)
        let sockets: [SlotRegistry.Slot]
        var ownership: ScriptOwnership?
        do {
            ownership = try ScriptOwnership(options, for: "WSGIDaemonProcess '\(definition.name)'")
            let resolved = try resolve(definition, preloads)
            sockets = try SlotRegistry.slots(
                of: definition.name, count: options.processes, prefix: socketPrefix, backlog: options.listenBacklog,
                owner: host.isRoot ? (host.userID, host.groupID) : nil, origin: definition.location.description)
            var group = resolved
            group.index = index
            group.logDescriptor = unsafe add(Self.logDescriptor(log))
            group.slots = sockets.map { SlotSpec(index: $0.index, listenerDescriptor: add($0.listener)) }
            spec.groups.append(group)
        } catch {
            unsafe Log.server(log, .error, error.id, "\(definition.location): \(error.text) The group answers 503.")
            if let board = unsafe ModuleState.board { unsafe wsgi_group_set_state(board, index, WSGI_GROUP_FAILED) }
            groups.append(child(definition, index, [], ownership))
            return
        }
        let slots = sockets.compactMap { DaemonSlot(index: $0.index, path: $0.path) }
        groups.append(child(definition, index, slots, ownership))
    }

    private func child(
        _ definition: DaemonProcess, _ index: UInt32, _ slots: [DaemonSlot], _ ownership: ScriptOwnership?
    ) -> DaemonGroup {
        let options = definition.options
        return DaemonGroup(
            name: definition.name, index: index, slots: slots, connectTimeout: options.connectTimeout,
            socketTimeout: options.socketTimeout > 0 ? options.socketTimeout : host.timeout,
            backlog: options.listenBacklog, ownership: ownership,
            longestHeader: options.headerBufferSize > 0 ? options.headerBufferSize : 32768,
            largestBacklog: options.responseBufferSize > 0 ? options.responseBufferSize : 8 << 20,
            clientTimeout: options.responseSocketTimeout > 0 ? options.responseSocketTimeout : options.socketTimeout)
    }

    // MARK: - What a definition means on this machine

    /// Accounts, Python and everything else of a definition.
    func resolve(_ definition: DaemonProcess, _ preloads: [ScriptSpec]) throws(StartError) -> GroupSpec {
        let options = definition.options
        let owner = "WSGIDaemonProcess '\(definition.name)'"
        let user = try Accounts.user(options.user, default: host.userID, for: owner)
        if host.isRoot && user.id == 0 {
            throw StartError(
                .accountUnusable,
                "\(owner) would run as root: give user=, or set httpd's User, to an account without its rights.")
        }
        let primary = try Accounts.group(options.group, default: host.groupID, for: owner)
        let groups = Accounts.supplementaryGroups(of: user.name, primary: primary)
        if host.isRoot, let closed = firstClosedDirectory(on: spec.engine, user: user.id, groups: groups) {
            throw StartError(
                .daemonStartFailed,
                "\(owner): user '\(user.name)' may not enter '\(closed.path)' (mode \(String(closed.mode, radix: 8))), "
                    + "where the module's engine '\(spec.engine)' is: install the module with 'make install'.")
        }
        var group = GroupSpec()
        group.name = definition.name
        group.origin = definition.location.description
        group.python = try PythonChoice.executable(options, global, host.defaultPython, for: owner)
        group.pythonArguments = ["-P", "-X", "utf8"]
        group.changesUser = host.isRoot
        group.userID = user.id
        group.groupID = primary
        group.supplementaryGroups = groups
        group.userName = user.name
        group.userHome = user.home
        // A user of its own starts at home; httpd's own user has no use for its home directory.
        group.workingDirectory = options.home ?? (host.isRoot && user.id != host.userID ? user.home : "")
        group.umask = options.umask
        group.lang = options.lang ?? ""
        group.locale = options.locale ?? ""
        group.process = process(definition, preloads)
        return group
    }

    private func process(_ definition: DaemonProcess, _ preloads: [ScriptSpec]) -> ProcessSpec {
        let options = definition.options
        var process = host.process
        process.processGroup = definition.name
        process.isMultithreaded = options.threads != 1
        process.isMultiprocess = options.isMultiprocess
        process.isRunOnce = options.threads == 1 && options.maximumRequests == 1
        process.maximumProcesses = options.processes
        process.threadsPerProcess = options.threads
        process.pythonPath = options.pythonPath
        process.home = options.home ?? ""
        process.preloads = preloads
        var worker = WorkerSpec()
        worker.threads = options.threads
        worker.stackSize = options.stackSize
        worker.maximumRequests = options.maximumRequests
        worker.gracefulTimeout = options.gracefulTimeout
        worker.shutdownTimeout = options.shutdownTimeout
        worker.socketTimeout = options.socketTimeout > 0 ? options.socketTimeout : host.timeout
        worker.peerUserID = host.isRoot ? host.userID : CurrentProcess.user
        worker.displayName = definition.displayName ?? ""
        worker.locale = options.locale ?? ""
        process.worker = worker
        return process
    }

    /// The paths of sockets begin with it.
    var socketPrefix: String {
        let prefix =
            unsafe global.socketPrefix ?? string(ap_runtime_dir_relative(main.pointee.process?.pointee.pool, "wsgi"))
        guard !prefix.hasPrefix("/") else { return prefix }
        return unsafe string(ap_server_root_relative(main.pointee.process?.pointee.pool, prefix))
    }

    // MARK: - Logs and descriptors

    private mutating func add(_ descriptor: Int32) -> Int {
        if let known = descriptors.firstIndex(of: descriptor) { return known }
        descriptors.append(descriptor)
        return descriptors.count - 1
    }

    private func server(_ index: Int) -> Server {
        var server = unsafe main
        for _ in 0..<index { unsafe server = server.pointee.next ?? server }
        return unsafe server
    }

    /// The descriptor of a server's error log, or of the terminal's where httpd has none (syslog).
    private static func logDescriptor(_ server: Server) -> Int32 {
        let descriptor = unsafe chttpd_error_log_descriptor(server)
        return descriptor >= 0 ? descriptor : 2
    }
}

/// Why a group, or embedded Python, cannot be started; `text` names the directive, the reason and the remedy.
struct StartError: Error {
    let id: LogID
    let text: String

    init(_ id: LogID, _ text: String) {
        self.id = id
        self.text = text
    }
}
