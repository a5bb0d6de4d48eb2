internal import ProcessKit
public import WSGIConfig
internal import WSGICore

/// The whole configuration, for checks and the dump.
public struct ConfigFacts {
    /// The place of a server in the configuration.
    public struct HostLocation {
        let title: String
        let location: SourceLocation?

        /// A server.
        ///
        /// - Parameters:
        ///   - title: Its name and port, for messages.
        ///   - location: The place of its `<VirtualHost>`; `nil`: the main server.
        public init(title: String, location: SourceLocation?) {
            self.title = title
            self.location = location
        }
    }

    /// The main server or a virtual host.
    final class Host {
        /// Its index in httpd's list of servers.
        let index: Int
        /// Its name and port, for messages.
        let title: String
        /// The place of its `<VirtualHost>`; `nil`: the main server.
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

    /// An alias in a server whose requests can reach it.
    final class Mount {
        /// The server that handles the request.
        let host: Host
        /// The alias, which may be in the main server.
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
    /// All aliases of all servers, including those that virtual hosts inherit from the main server.
    let mounts: [Mount]
    /// The process groups.
    let groups: ProcessGroups
    /// The indices of `groups`, by name.
    private let indices: [String: Int]
    /// The resolved spec of each group, or the reason why it cannot run.
    let resolved: [Result<GroupSpec, ResolutionError>]
    /// Settings of the whole server.
    let global: GlobalSettings
    /// The configuration as written.
    let tree: ConfigTree
    /// The properties of httpd and of this machine.
    let machine: HostFacts

    /// Collects the facts; `nil` if httpd rejects the configuration anyway.
    ///
    /// - Parameters:
    ///   - servers: All servers, the main one first.
    ///   - locations: The locations of these servers in `tree`.
    ///   - tree: The configuration as written.
    ///   - machine: The properties of httpd and of this machine.
    public init?(_ servers: [ConfiguredServer], _ locations: [HostLocation], _ tree: ConfigTree, _ machine: HostFacts) {
        guard let global = servers.first?.settings.global, let groups = try? ProcessGroups(servers: servers) else {
            return nil
        }
        hosts = zip(servers, locations).enumerated().map { index, server in
            Host(
                index: index, title: server.1.title, location: server.1.location,
                section: server.1.location.flatMap { tree.virtualHosts[$0] }, settings: server.0.settings)
        }
        httpd = Self.httpdUser(machine)
        mounts = Self.mounts(hosts, tree, httpd.files)
        self.groups = groups
        indices = Dictionary(groups.all.enumerated().map { ($1.definition.name, $0) }) { first, _ in first }
        self.global = global
        self.tree = tree
        self.machine = machine
        // Aliases that request an import have a mount point.
        let imports = servers.flatMap(\.settings.importScripts).filter { $0.mountPoint == nil }
        let withScripts = Set(imports.map(\.processGroup))
        resolved = groups.all.map { group in
            let hasScripts = withScripts.contains(group.definition.name)
            do throws(ResolutionError) {
                return .success(
                    try GroupResolver(group.definition, global, machine).check(hasScripts: hasScripts))
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

    /// Looks up the name of a process group for requests of a server.
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

    /// The place of a directive that applies to the whole server.
    func location(of directive: String) -> SourceLocation? { tree.last(directive.lowercased())?.location }

    private static func quoted(_ name: String) -> String { name.isEmpty ? "" : " '\(name)'" }
}

extension ConfigFacts.Mount {
    /// The process group of a request.
    enum ProcessGroup {
        /// This group, and the place that names it.
        case named(GroupExpression, SourceLocation)
        /// Not set: embedded mode.
        case unsaid
        /// Depends on the request.
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

    /// The name of the group if it is the same for all requests; "" is embedded mode.
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

    /// Whether the target is the same path for all requests.
    var hasFixedTarget: Bool { !(alias.isPattern && alias.target.string.contains("$")) }

    private static func shown(_ group: GroupExpression) -> String {
        group.text.isEmpty ? "%{GLOBAL}" : group.text.string
    }
}
