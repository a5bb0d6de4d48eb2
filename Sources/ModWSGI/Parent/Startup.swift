internal import CHTTPD
internal import ProcessKit
internal import WSGIConfig
internal import WSGICore
internal import WSGIDeployment

/// The work of the httpd parent after the configuration has been read, at each start and restart.
enum Startup {
    /// Checks that need the whole configuration. They also run under `configtest`.
    static func check(main: Server) -> Int32 {
        do {
            let servers = unsafe ConfigBridge.servers(main)
            let groups = try ProcessGroups(servers: servers)
            _ = try groups.preloads(of: servers)
            try checkRights(groups)
            var known: Set<String> = []
            for notice in servers.flatMap(\.settings.notices) + groups.notices
            where known.insert(notice.subject).inserted {
                unsafe chttpd_log_startup(LogLevel.notice.rawValue, "\(notice.location): \(notice.text)")
            }
            return OK
        } catch {
            unsafe chttpd_log_startup(LogLevel.error.rawValue, error.description)
            return HTTP_INTERNAL_SERVER_ERROR
        }
    }

    /// Rejects options that only root can apply.
    private static func checkRights(_ groups: ProcessGroups) throws(ConfigError) {
        guard CurrentProcess.user != 0 else { return }
        for definition in groups.all.map(\.definition) where definition.options.chroot != nil {
            throw ConfigError(
                "\(definition.location): chroot= of WSGIDaemonProcess '\(definition.name)' needs httpd to be started "
                    + "by root.")
        }
    }

    /// Starts the supervisor or sends it the new configuration, and prepares the state that children inherit.
    static func run(main: Server, _ pool: Pool) -> Int32 {
        unsafe ap_add_version_component(pool, "mod_wsgi/" + ModuleVersion.text)
        guard let settings = unsafe ConfigBridge.server(main)?.settings else { return OK }
        let servers = unsafe ConfigBridge.servers(main)
        unsafe ConfigBridge.settle(main, pool)
        let host = unsafe HostFacts(main: main, settings.global.socketPrefix)
        guard let names = try? ProcessGroups(servers: servers),
            // An alias of a directory serves all scripts in it. Which of them to import is known only with a request.
            let preloads = try? names.preloads(of: servers, single: Settled.singleApplications)
                .filter({ !host.httpdFiles.isDirectory($0.script.path) })
        else { return HTTP_INTERNAL_SERVER_ERROR }
        Settled.names = names
        Settled.restrictsEmbedded = settings.global.restrictEmbedded
        Settled.ignoresCase = !settings.global.caseSensitivity
        LogVariables.isWanted = unsafe LogVariables.areMentioned(in: chttpd_config_tree())
        LogVariables.isCGIWanted = unsafe LogVariables.mentionsCGIVariables(in: chttpd_config_tree())
        unsafe startGroups(names, preloads, settings.global, host, scripts: scripts(of: servers), main, pool)
        unsafe countRequests(main)
        // Hook scripts (WSGIAccessScript and others) run in children even if applications may not.
        let runsApplications = !settings.global.restrictEmbedded
        let embedded = runsApplications ? preloads.filter { $0.group == nil }.map(\.script) : []
        EmbeddedPlan.current = unsafe EmbeddedPlan(
            settings.global, host, preloads: embedded,
            isExpected: runsApplications && mayRunEmbedded(servers) || !embedded.isEmpty || Settled.expectsHooks,
            server: unsafe main)
        return OK
    }

    private static func startGroups(
        _ names: ProcessGroups, _ preloads: [Preload], _ global: GlobalSettings, _ host: HostFacts, scripts: [String],
        _ main: Server, _ pool: Pool
    ) {
        guard !names.all.isEmpty || SupervisorLink.isRunning else { return }
        do {
            DaemonGroups.scoreboard = try SupervisorLink.prepareScoreboard()
            try GroupSecrets.prepare()
        } catch {
            unsafe Log.server(
                main, .critical, .supervisorFailed,
                "The shared memory for process groups cannot be created (\(error.description)); all groups answer 503. "
                    + "Check the memory limits, then restart httpd.")
            return
        }
        var builder = unsafe GroupBuilder(global, host, main)
        builder.note(scripts: scripts)
        let scripts = Dictionary(grouping: preloads, by: \.group)
        for (index, group) in names.all.enumerated() {
            builder.add(group, preloads: scripts[index, default: []].map(\.script))
        }
        DaemonGroups.all = builder.groups
        SupervisorLink.formerGroups.remember(builder.running)
        MPM.threadsPerChild = host.process.httpdThreadsPerChild
        MPM.requestThreads = host.process.httpdChildren &* host.process.httpdThreadsPerChild
        SlotRegistry.closeUnused()
        unsafe SupervisorLink.configure(builder.spec, descriptors: builder.descriptors, main, pool)
    }

    /// Prepares the counters, with a row for each group that an alias of a server names.
    private static func countRequests(_ main: Server) {
        do throws(SystemError) {
            if Metrics.current == nil { Metrics.current = try RequestMetrics() }
            if Metrics.embedded == nil { Metrics.embedded = try EmbeddedRequests() }
        } catch {
            unsafe Log.server(
                main, .warning, .metricsUnavailable,
                "The memory for metrics cannot be created (\(error.description)); requests are not counted.")
        }
        var next: Server? = unsafe main
        while let server = unsafe next {
            unsafe next = server.pointee.next
            guard let config = unsafe ConfigBridge.server(server) else { continue }
            for alias in config.settings.ownAliases + config.settings.inheritedAliases {
                let group = alias.processGroup ?? config.settings.directory.processGroup
                guard group.isLiteral else { continue }
                let number =
                    group.text.isEmpty
                    ? MetricsNames.embedded : MetricsNames.groups.number(of: group.text.string)
                Metrics.current?.announce(group: number, host: config.number)
            }
        }
    }

    /// The scripts that aliases name.
    private static func scripts(of servers: [ConfiguredServer]) -> [String] {
        servers.flatMap { $0.settings.ownAliases.filter { !$0.isPattern }.map(\.target.string) }
    }

    /// Whether an alias may lead to an embedded application, as far as that is known without a request.
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
