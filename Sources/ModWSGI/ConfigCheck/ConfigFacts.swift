internal import CHTTPD
internal import ProcessKit
internal import WSGIConfig
internal import WSGICore

/// The whole configuration, as checks and the dump look at it.
@safe struct ConfigFacts {
    /// The main server or a virtual host.
    final class Host {
        /// Its place in httpd's list of servers.
        let index: Int
        /// Its name and port, for messages.
        let title: String
        /// Where its `<VirtualHost>` stands; `nil`: the main server.
        let location: SourceLocation?
        /// Its section; `nil`: the main server.
        let section: ConfigTree.Node?
        /// Its settings.
        let settings: ServerSettings

        init(index: Int, title: String, location: SourceLocation?, section: ConfigTree.Node?, settings: ServerSettings)
        {
            self.index = index
            self.title = title
            self.location = location
            self.section = section
            self.settings = settings
        }
    }

    /// An alias where requests can reach it.
    final class Mount {
        /// The server that answers.
        let host: Host
        /// The alias; it may stand in the main server.
        let alias: ScriptAlias
        /// A request for it.
        let sample: SampleRequest
        /// The process group of that request.
        let processGroup: ProcessGroup

        init(host: Host, alias: ScriptAlias, sample: SampleRequest, processGroup: ProcessGroup) {
            self.host = host
            self.alias = alias
            self.sample = sample
            self.processGroup = processGroup
        }
    }

    /// All servers, the main one first.
    let hosts: [Host]
    /// Every alias of every server, with those that virtual hosts have from the main server.
    let mounts: [Mount]
    /// The process groups.
    let groups: ProcessGroups
    /// Their places in `groups`, by name.
    private let indices: [String: Int]
    /// What each of them means on this machine, or why it cannot run.
    let resolved: [Result<GroupSpec, StartError>]
    /// Settings of the whole server.
    let global: GlobalSettings
    /// What was written.
    let tree: ConfigTree
    /// httpd itself.
    let machine: HostFacts
    /// The file that httpd read first; nil: not known.
    let configurationFile: String?
    /// `ServerRoot`.
    let serverRoot: String
    /// The paths of sockets begin with it.
    let socketPrefix: String

    /// Collects everything; nil when the configuration is refused anyway.
    init?(main: Server) {
        FileView.begin()
        let servers = unsafe Startup.configured(main)
        guard let global = servers.first?.settings.global, let groups = try? ProcessGroups(servers: servers) else {
            return nil
        }
        let tree = ConfigTree()
        let machine = unsafe HostFacts(main: main)
        let builder = unsafe GroupBuilder(global, machine, main)
        var hosts: [Host] = []
        var next: Server? = unsafe main
        while let server = unsafe next, hosts.count < servers.count {
            unsafe hosts.append(Self.host(server, hosts.count, servers[hosts.count].settings, tree))
            unsafe next = server.pointee.next
        }
        self.hosts = hosts
        httpd = Self.httpdUser(machine)
        mounts = Self.mounts(hosts, tree, httpd.files)
        self.groups = groups
        indices = Dictionary(groups.all.enumerated().map { ($1.definition.name, $0) }) { first, _ in first }
        self.global = global
        self.tree = tree
        self.machine = machine
        socketPrefix = builder.socketPrefix
        configurationFile = unsafe Self.configurationFile(main)
        serverRoot = unsafe string(ap_server_root_relative(main.pointee.process?.pointee.pool, ""))
        // Aliases that ask for an import have a mount point.
        let imports = servers.flatMap(\.settings.importScripts).filter { $0.mountPoint == nil }
        let withScripts = Set(imports.map(\.processGroup))
        resolved = groups.all.map { group in
            let hasScripts = withScripts.contains(group.definition.name)
            do throws(StartError) {
                return .success(try builder.resolve(group.definition, hasScripts: hasScripts))
            } catch { return .failure(error) }
        }
    }

    private static func mounts(_ hosts: [Host], _ tree: ConfigTree, _ files: UserFiles) -> [Mount] {
        files.prepare(hosts.flatMap { $0.settings.scriptAliases.map(\.target.string) })
        return hosts.flatMap { host in
            host.settings.scriptAliases.map { alias in
                let sample = SampleRequest(
                    tree: tree, host: host.section, url: alias.isPattern ? nil : alias.urlPath.string,
                    path: alias.target.string, isDirectory: files.isDirectory(alias.target.string))
                return Mount(
                    host: host, alias: alias, sample: sample, processGroup: Mount.processGroup(of: alias, sample))
            }
        }
    }

    /// What a name of a process group means for requests of a server.
    func lookup(_ name: String, from host: Int) -> ProcessGroups.Lookup {
        guard let index = indices[name] else { return .unknown }
        return groups.all[index].isUsable[host] ? .found(index) : .ofOtherHost(index)
    }

    /// httpd's user.
    let httpd: Identity

    private static func httpdUser(_ machine: HostFacts) -> Identity {
        let owner = (user: machine.userID, group: machine.groupID)
        return Identity(
            user: owner.user, group: owner.group, groups: Accounts.groups(of: owner),
            name: "httpd's user" + quoted(Accounts.name(of: owner.user)))
    }

    /// The user of a process group, if it can run.
    func identity(ofGroup index: Int) -> Identity? {
        guard resolved.indices.contains(index), case .success(let spec) = resolved[index] else { return nil }
        return Identity(
            user: spec.userID, group: spec.groupID, groups: spec.supplementaryGroups,
            name: "user" + Self.quoted(spec.userName) + " of process group '\(spec.name)'")
    }

    /// Where a directive that counts once for the whole server stands.
    func location(of directive: String) -> SourceLocation? { tree.last(directive.lowercased())?.location }

    /// What `-f` says on httpd's command line, or the file that httpd was built with.
    private static func configurationFile(_ main: Server) -> String? {
        guard let process = unsafe main.pointee.process else { return nil }
        var words: [String] = []
        for index in 0..<Int(unsafe process.pointee.argc) { unsafe words.append(string(process.pointee.argv[index])) }
        if let place = words.lastIndex(where: { $0.hasPrefix("-f") }) {
            let value = words[place].dropFirst(2)
            guard !value.isEmpty || words.indices.contains(place + 1) else { return nil }
            return unsafe string(
                ap_server_root_relative(process.pointee.pool, value.isEmpty ? words[place + 1] : String(value)))
        }
        let file = unsafe ap_server_root_relative(process.pointee.pool, chttpd_default_configuration())
        return unsafe file.map { unsafe string($0) }
    }

    private static func quoted(_ name: String) -> String { name.isEmpty ? "" : " '\(name)'" }

    private static func host(
        _ server: Server, _ index: Int, _ settings: ServerSettings, _ tree: ConfigTree
    ) -> Host {
        let name = unsafe string(server.pointee.server_hostname)
        guard index > 0 else {
            return Host(index: 0, title: "the main server", location: nil, section: nil, settings: settings)
        }
        let port = unsafe server.pointee.addrs.map { unsafe $0.pointee.host_port } ?? 0
        let location = unsafe SourceLocation(
            file: string(server.pointee.defn_name), line: Int(server.pointee.defn_line_number))
        return Host(
            index: index, title: port == 0 ? name : "\(name):\(port)", location: location,
            section: tree.virtualHosts[location], settings: settings)
    }
}

extension ConfigFacts.Mount {
    /// The process group that a request is given to.
    enum ProcessGroup {
        /// This one, and where that is said.
        case named(GroupExpression, SourceLocation)
        /// Nothing was said: embedded.
        case unsaid
        /// That depends on the request.
        case unknown
    }

    fileprivate static func processGroup(of alias: ScriptAlias, _ sample: SampleRequest) -> ProcessGroup {
        if let group = alias.processGroup { return .named(group, alias.location) }
        switch sample.effect(of: "wsgiprocessgroup") {
        case .absent: return .unsaid
        case .unknown: return .unknown
        case .node(let node): return node.words.first.map { .named(GroupExpression($0), node.location) } ?? .unknown
        }
    }

    /// The group's name where it is the same for all requests, "" meaning embedded mode.
    var processGroupName: String? {
        switch processGroup {
        case .named(let group, _): group.staticText
        case .unsaid: ""
        case .unknown: nil
        }
    }

    /// The application group as written, or its default.
    var applicationGroup: String? {
        if let group = alias.applicationGroup { return Self.shown(group) }
        switch sample.effect(of: "wsgiapplicationgroup") {
        case .absent: return "%{RESOURCE}"
        case .unknown: return nil
        case .node(let node): return node.words.first.map { Self.shown(GroupExpression($0)) }
        }
    }

    /// The directive and what it maps, for messages.
    var title: String {
        "\(alias.isPattern ? "WSGIScriptAliasMatch" : "WSGIScriptAlias") '\(alias.urlPath.string)' of \(host.title)"
    }

    /// Whether the target is one path, whatever the request.
    var hasFixedTarget: Bool { !(alias.isPattern && alias.target.string.contains("$")) }

    private static func shown(_ group: GroupExpression) -> String {
        group.text.isEmpty ? "%{GLOBAL}" : group.text.string
    }
}
