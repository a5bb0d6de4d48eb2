internal import CHTTPD
internal import ProcessKit
internal import WSGIConfig
internal import WSGICore
internal import WSGIDeployment

/// Builds the supervisor's specification and the children's list of process groups from `WSGIDaemonProcess`
/// definitions.
///
/// A group that cannot run is reported, with its location and the remedy, and answers 503. All other groups run.
@safe struct GroupBuilder {
    /// The groups for the children, in the order of definition.
    private(set) var groups: [DaemonGroup] = []
    /// The groups that can run, for the supervisor.
    private(set) var spec = SupervisorSpec()
    /// The descriptors that are sent with `spec`. They stay owned by others.
    private(set) var descriptors: [Int32] = []

    /// The running groups, for the next configuration.
    private(set) var running: [String: FormerGroups.Group] = [:]

    /// A group's entry in the scoreboard.
    private typealias Entry = (index: UInt32, serial: UInt64)

    private let global: GlobalSettings
    private let host: HostFacts
    private let main: Server

    init(_ global: GlobalSettings, _ host: HostFacts, _ main: Server) {
        self.global = global
        self.host = host
        unsafe self.main = main
        spec.engine = host.engine
        descriptors = unsafe [Self.logDescriptor(main)]
        spec.logDescriptor = 0
        spec.startLimit = global.startLimit
        spec.logLevel = unsafe Int(chttpd_log_level(main))
    }

    /// Stores the scripts that aliases name. Successors need not import scripts that are no longer named.
    mutating func note(scripts: [String]) {
        spec.formerScripts = SupervisorLink.formerGroups.replaceScripts(
            scripts, keepsProcesses: SupervisorLink.keepsProcesses)
    }

    /// Adds a group.
    mutating func add(_ group: ProcessGroups.Group, preloads: [ScriptSpec]) {
        let definition = group.definition
        let options = definition.options
        let log = unsafe server(group.server)
        let entry = SlotRegistry.group(definition.name)
        let sockets: [SlotRegistry.ListeningSlot]
        var owner: ScriptOwner?
        do throws(ResolutionError) {
            let resolution = GroupResolver(definition, global, host)
            owner = try resolution.scriptOwner()
            let resolved = unsafe try resolution.spec(
                preloads: inside(definition, preloads, log), logLevel: Int(chttpd_log_level(log)))
            sockets = try SlotRegistry.slots(
                of: definition.name, count: options.processes,
                SlotRegistry.Sockets(
                    prefix: host.socketPrefix, backlog: options.listenBacklog, owner: resolution.socketOwner(),
                    buffers: (options.sendBufferSize, options.receiveBufferSize), rights: resolved.rights)
            ) { problem in
                unsafe Log.server(
                    log, .error, problem.id,
                    "\(definition.location): \(problem.text) The group continues with its present sockets; a graceful "
                        + "restart tries again.")
            }
            unsafe warn(of: definition, log)
            try resolution.checkService(hasScripts: !resolved.process.preloads.isEmpty)
            var group = resolved
            if let name = unsafe log.pointee.server_hostname { unsafe group.process.warmupHost = string(name) }
            group.index = entry.index
            group.process.worker?.secret = SlotRegistry.secret(of: definition.name)
            group.logDescriptor = unsafe add(Self.logDescriptor(log))
            group.slots = sockets.map { SlotSpec(index: $0.index, listenerDescriptor: add($0.listener)) }
            spec.groups.append(group)
            running[definition.name] = FormerGroups.Group(spec: group, owner: owner)
        } catch {
            guard unsafe !keep(definition, entry, error, log) else { return }
            unsafe Log.server(log, .error, error.id, "\(definition.location): \(error.text) The group answers 503.")
            DaemonGroups.scoreboard?.setState(of: entry.index, .failed)
            groups.append(child(definition, entry, [], owner))
            return
        }
        let slots = Self.slots(sockets)
        groups.append(child(definition, entry, slots, owner))
    }

    /// Keeps a group running as before if it cannot run as defined now.
    ///
    /// - Returns: false if the group does not exist or may not be kept.
    private mutating func keep(
        _ definition: GroupDefinition, _ entry: Entry, _ error: ResolutionError, _ log: Server
    ) -> Bool {
        guard SupervisorLink.keepsProcesses,
            let former = SupervisorLink.formerGroups.group(
                definition.name, despite: error, GroupResolver(definition, global, host))
        else { return false }
        let sockets = SlotRegistry.kept(of: definition.name)
        guard !sockets.isEmpty else { return false }
        var group = former.spec
        group.index = entry.index
        group.problem = "\(definition.location): \(error.text)"
        group.logDescriptor = unsafe add(Self.logDescriptor(log))
        group.slots = sockets.map { SlotSpec(index: $0.index, listenerDescriptor: add($0.listener)) }
        spec.groups.append(group)
        running[definition.name] = FormerGroups.Group(spec: group, owner: former.owner)
        let slots = Self.slots(sockets)
        groups.append(
            child(definition, entry, slots, former.owner, isService: former.spec.process.worker?.threads == 0))
        return true
    }

    private func child(
        _ definition: GroupDefinition, _ entry: Entry, _ slots: [DaemonSlot], _ owner: ScriptOwner?,
        isService: Bool? = nil
    ) -> DaemonGroup {
        DaemonGroup(
            name: definition.name, number: MetricsNames.groups.number(of: definition.name), slots: slots,
            access: WorkerAccess(entry, GroupSettings(definition.options, timeout: host.timeout)),
            ownership: owner.map { ScriptOwnership($0) }, isService: isService ?? (definition.options.threads == 0))
    }

    private static func slots(_ sockets: [SlotRegistry.ListeningSlot]) -> [DaemonSlot] {
        var slots: [DaemonSlot] = []
        for socket in sockets {
            guard let slot = DaemonSlot(index: socket.index, position: slots.count, path: socket.path) else { continue }
            slots.append(slot)
        }
        return slots
    }

    /// The preloads with paths as the processes see them. Scripts outside the processes' root are reported.
    private func inside(_ definition: GroupDefinition, _ preloads: [ScriptSpec], _ log: Server) -> [ScriptSpec] {
        let root = definition.options.root
        guard !root.isEmpty else { return preloads }
        return preloads.compactMap { script in
            guard script.path.hasPrefix(root + "/") else {
                unsafe Log.server(
                    log, .error, .scriptOutsideRoot,
                    "\(definition.location): the script '\(script.path)' is not within chroot=\(root) of process group "
                        + "'\(definition.name)', and cannot be imported there.")
                return nil
            }
            var script = script
            script.path.removeFirst(root.count)
            return script
        }
    }

    /// Logs interpreter settings that cannot be applied.
    private func warn(of definition: GroupDefinition, _ log: Server) {
        unsafe global.interpreters(of: definition).warn("Process group '\(definition.name)'", log)
    }

    // MARK: - Sockets, logs and descriptors

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

    /// The descriptor of a server's error log, or 2 if httpd has none (syslog).
    private static func logDescriptor(_ server: Server) -> Int32 {
        let descriptor = unsafe chttpd_error_log_descriptor(server)
        return descriptor >= 0 ? descriptor : 2
    }
}
