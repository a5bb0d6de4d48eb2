internal import CHTTPD
internal import CSystem
internal import ProcessKit
internal import WSGIConfig
internal import WSGICore

/// What the httpd parent does once the configuration has been read, at each start and restart.
enum Startup {
    /// Checks what only the whole configuration can tell; also under `configtest`.
    static func check(main: Server) -> Int32 {
        do {
            let servers = unsafe configured(main)
            let groups = try ProcessGroups(servers: servers)
            _ = try groups.preloads(of: servers)
            try checkRights(groups)
            var told: Set<String> = []
            for notice in servers.flatMap(\.settings.notices) + groups.notices
            where told.insert(notice.subject).inserted {
                unsafe chttpd_log_startup(Log.Level.notice.rawValue, "\(notice.location): \(notice.text)")
            }
            return OK
        } catch {
            unsafe chttpd_log_startup(Log.Level.error.rawValue, error.description)
            return HTTP_INTERNAL_SERVER_ERROR
        }
    }

    /// Refuses options that only root can give effect to.
    private static func checkRights(_ groups: ProcessGroups) throws(ConfigError) {
        guard CurrentProcess.user != 0 else { return }
        for definition in groups.all.map(\.definition) where definition.options.chroot != nil {
            throw ConfigError(
                "\(definition.location): chroot= of WSGIDaemonProcess '\(definition.name)' needs httpd to be started by "
                    + "root.")
        }
    }

    /// Starts or informs the supervisor, and prepares what children inherit.
    static func run(main: Server, _ pool: Pool) -> Int32 {
        unsafe ap_add_version_component(pool, "mod_wsgi/" + ModuleVersion.text)
        guard let settings = unsafe ConfigBridge.server(main)?.settings else { return OK }
        let servers = unsafe configured(main)
        unsafe ConfigBridge.settle(main, pool)
        defer { UserFiles.forget() }
        let host = unsafe HostFacts(main: main)
        guard let names = try? ProcessGroups(servers: servers),
            // An alias of a directory serves whatever scripts are in it; there is nothing to import before a request.
            let preloads = try? names.preloads(of: servers)
                .filter({ !host.httpdFiles.isDirectory($0.script.path) })
        else { return HTTP_INTERNAL_SERVER_ERROR }
        ModuleState.names = names
        ModuleState.restrictsEmbedded = settings.global.restrictEmbedded
        ModuleState.ignoresCase = !settings.global.caseSensitivity
        ModuleState.setsVariables = unsafe LogVariables.areMentioned(in: chttpd_config_tree())
        ModuleState.setsCGIVariables = unsafe LogVariables.mentionsCGIVariables(in: chttpd_config_tree())
        unsafe startGroups(names, preloads, settings.global, host, scripts: scripts(of: servers), main, pool)
        // Scripts of WSGIAccessScript and the like run in children even where applications may not.
        let runsApplications = !settings.global.restrictEmbedded
        let embedded = runsApplications ? preloads.filter { $0.group == nil }.map(\.script) : []
        ModuleState.embedded = unsafe EmbeddedPlan(
            settings.global, host, preloads: embedded,
            isExpected: runsApplications && mayRunEmbedded(servers) || !embedded.isEmpty || ModuleState.expectsHooks,
            server: unsafe main)
        unsafe ConfigCheck.log(main: main)
        return OK
    }

    private static func startGroups(
        _ names: ProcessGroups, _ preloads: [Preload], _ global: GlobalSettings, _ host: HostFacts, scripts: [String],
        _ main: Server, _ pool: Pool
    ) {
        guard !names.all.isEmpty || SupervisorLink.isRunning else { return }
        do {
            unsafe ModuleState.board = try SupervisorLink.prepareBoard()
            try GroupSecrets.prepare()
        } catch {
            unsafe Log.server(
                main, .critical, .supervisorFailed,
                "The memory that httpd's processes share for process groups cannot be made (\(error.description)); all "
                    + "groups answer 503. Check the limits of memory, then restart httpd.")
            return
        }
        var builder = unsafe GroupBuilder(global, host, main)
        builder.note(scripts: scripts)
        let scripts = Dictionary(grouping: preloads, by: \.group)
        for (index, group) in names.all.enumerated() {
            builder.add(group, preloads: scripts[index, default: []].map(\.script))
        }
        ModuleState.groups = builder.groups
        FormerGroups.remember(builder.running)
        ModuleState.threadsPerChild = host.process.httpdThreadsPerChild
        ModuleState.requestThreads = host.process.httpdChildren &* host.process.httpdThreadsPerChild
        SlotRegistry.closeUnused()
        unsafe SupervisorLink.configure(builder.spec, descriptors: builder.descriptors, main, pool)
    }

    /// The scripts that aliases name.
    private static func scripts(of servers: [ConfiguredServer]) -> [String] {
        servers.flatMap { $0.settings.ownAliases.filter { !$0.isPattern }.map(\.target.string) }
    }

    /// All servers in httpd's order, the main one first; each learns its place.
    static func configured(_ main: Server) -> [ConfiguredServer] {
        var servers: [ConfiguredServer] = []
        var seen: Set<ObjectIdentifier> = []
        var next: Server? = unsafe main
        while let server = unsafe next {
            if var config = unsafe ConfigBridge.server(server) {
                if !seen.insert(ObjectIdentifier(config)).inserted {
                    config = unsafe ConfigBridge.separate(config, for: server)
                }
                config.index = servers.count
                let name = unsafe server.pointee.server_hostname.map { unsafe string($0) }
                let host = unsafe HostIdentity(isMain: server == main, name: name)
                servers.append(ConfiguredServer(host: host, settings: config.settings))
            }
            unsafe next = server.pointee.next
        }
        return servers
    }

    /// Whether an alias may lead to an embedded application, as far as that can be told without a request.
    private static func mayRunEmbedded(_ servers: [ConfiguredServer]) -> Bool {
        servers.contains { server in
            let mayRun = { (alias: ScriptAlias) in
                let group = alias.processGroup ?? server.settings.directory.processGroup
                return group.isLiteral && group.text.isEmpty
            }
            return server.settings.ownAliases.contains(where: mayRun)
                || server.settings.inheritedAliases.contains(where: mayRun)
        }
    }
}

/// What is the same for all processes: httpd's version, its MPM, its user.
struct HostFacts {
    /// The engine's and the supervisor's directory.
    let companions: String
    /// The Python that `make` recorded.
    let defaultPython: String
    /// httpd's `User`.
    let userID: UInt32
    /// httpd's `Group`.
    let groupID: UInt32
    /// Whether httpd runs as root, and so can change users.
    let isRoot: Bool
    /// `Timeout` in seconds.
    let timeout: Int
    /// The facts in a process' spec.
    let process: ProcessSpec
    /// Files as httpd's user sees them.
    let httpdFiles: UserFiles

    init(main: Server) {
        companions = moduleDirectory() + "/mod_wsgi"
        defaultPython = firstLine(of: companions + "/default-python") ?? "/usr/bin/python3"
        userID = chttpd_user()
        groupID = chttpd_group()
        isRoot = CurrentProcess.user == 0
        httpdFiles = UserFiles(
            user: userID, group: groupID, groups: Accounts.groups(of: (user: userID, group: groupID)))
        timeout = unsafe Int(main.pointee.timeout / 1_000_000)
        var spec = ProcessSpec()
        spec.moduleVersion = ModuleVersion.components
        spec.httpdVersion = [
            Int(AP_SERVER_MAJORVERSION_NUMBER), Int(AP_SERVER_MINORVERSION_NUMBER), Int(AP_SERVER_PATCHLEVEL_NUMBER),
        ]
        spec.httpdDescription = unsafe string(ap_get_server_description())
        spec.httpdBuildDate = unsafe string(ap_get_server_built())
        spec.mpmName = unsafe string(ap_show_mpm())
        spec.httpdChildren = max(Self.query(AP_MPMQ_MAX_DAEMON_USED), Self.query(AP_MPMQ_MAX_DAEMONS), 1)
        spec.httpdThreadsPerChild = max(Self.query(AP_MPMQ_MAX_THREADS), 1)
        process = spec
    }

    /// Whether httpd runs as `httpd -X`: the terminal is for whoever debugs.
    static var isSingleProcess: Bool {
        unsafe ap_exists_config_define("ONE_PROCESS") != 0 || ap_exists_config_define("DEBUG") != 0
    }

    /// What the MPM says to a question of `ap_mpm_query`; 0 when it does not know.
    static func query(_ question: Int32) -> Int {
        var answer: Int32 = 0
        return unsafe ap_mpm_query(question, &answer) == APR_SUCCESS ? Int(answer) : 0
    }
}
