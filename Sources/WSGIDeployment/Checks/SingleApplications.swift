import WSGIConfig

/// Which process groups serve a single application, so that `%{AUTO}` is the main interpreter there.
///
/// That is decided from the configuration alone, when it has been read: one script, of `WSGIScriptAlias` or
/// `WSGIHandlerScript`, leads to the group, with one name of its application. Where something depends on the request, the
/// group counts as one of several applications.
public struct SingleApplications {
    /// What is known about a group.
    private struct Group {
        /// The script and the name of its application, for each application that leads to the group.
        var applications: Set<[String]> = []
        /// Why there may be others; empty: there are none.
        var obstacle = ""
    }

    private var all: [Group]
    private let facts: ConfigFacts

    /// Looks at a configuration.
    public init(_ facts: ConfigFacts) {
        self.facts = facts
        all = facts.groups.all.map { _ in Group() }
        for mount in facts.mounts { add(mount) }
        let hosts = Dictionary(grouping: facts.hosts, by: \.location)
        facts.tree.forEach { node, within in
            guard Self.mayName(node) else { return }
            let section = within.first { $0.name == "virtualhost" }
            for host in section.map({ hosts[$0.location, default: []] }) ?? facts.hosts { add(node, host.index) }
        }
    }

    /// The groups that serve a single application, by their index.
    public var groups: Set<Int> { Set(all.indices.filter { isSingle($0) }) }

    /// Whether a group serves a single application.
    func isSingle(_ group: Int) -> Bool { all[group].obstacle.isEmpty && all[group].applications.count == 1 }

    /// What `%{AUTO}` is in a group and why, for the dump.
    func explanation(of group: Int) -> String {
        let scripts = all[group].applications.compactMap(\.first).sorted()
        if isSingle(group) { return "%{GLOBAL}, because \(scripts[0]) is the only application" }
        if !all[group].obstacle.isEmpty { return "%{RESOURCE}, because of \(all[group].obstacle)" }
        if scripts.isEmpty { return "%{RESOURCE}, because no application is known" }
        return "%{RESOURCE}, because there are several applications: \(scripts.joined(separator: ", "))"
    }

    // MARK: - Aliases

    private mutating func add(_ mount: ConfigFacts.Mount) {
        let place = "\(mount.title) (\(mount.alias.location))"
        switch mount.processGroup {
        case .unsaid: break
        case .named(let group, _):
            guard let name = group.staticText else { return exclude(usableFrom: mount.host.index, place) }
            guard let index = find(name, mount.host.index) else { return }
            guard !mount.alias.isPattern, !mount.sample.isDirectory, !mount.alias.target.string.hasSuffix("/") else {
                return exclude(index, place)
            }
            all[index].applications.insert([mount.alias.target.string, callable(of: mount)])
        case .unknown:
            for applying in mount.sample.applying(["wsgiprocessgroup"]) {
                exclude(applying.node.words.first ?? "", mount.host.index, place)
            }
        }
    }

    /// The name of an alias' application as written.
    private func callable(of mount: ConfigFacts.Mount) -> String {
        if let name = mount.alias.callableObject { return name.string }
        return switch mount.sample.effect(of: "wsgicallableobject") {
        case .absent: "application"
        case .node(let node): node.words.first ?? ""
        case .unknown: mount.title
        }
    }

    // MARK: - Other directives

    /// The names by which other directives give files to this module.
    private static let handlers = ["wsgi-script", "application/x-httpd-wsgi"]

    /// Whether a directive may lead to process groups, other than by aliases.
    private static func mayName(_ node: ConfigTree.Node) -> Bool {
        switch node.name {
        case "wsgidispatchscript", "wsgihandlerscript": true
        default: !node.isSection && handlers.contains { node.arguments.contains($0) }
        }
    }

    private mutating func add(_ node: ConfigTree.Node, _ host: Int) {
        let place = "\(node.title) (\(node.location))"
        switch node.name {
        case "wsgidispatchscript": exclude(usableFrom: host, place)
        case "wsgihandlerscript":
            guard let group = node.option("process-group") else { return exclude(namedFor: host, place) }
            guard let name = GroupExpression(group).staticText else { return exclude(usableFrom: host, place) }
            guard let index = find(name, host), node.words.count > 1 else { return }
            all[index].applications.insert([node.words[1], "handle_request"])
        default: exclude(namedFor: host, "a handler for scripts (\(node.location))")
        }
    }

    /// Excludes the groups that some `WSGIProcessGroup` names for requests of a server.
    private mutating func exclude(namedFor host: Int, _ place: String) {
        let sections = [facts.tree.mainServer, facts.hosts[host].section].compactMap(\.self)
        for section in sections { excludeGroups(namedIn: section, host, place) }
    }

    private mutating func excludeGroups(namedIn section: ConfigTree.Node, _ host: Int, _ place: String) {
        for node in section.children(of: ["wsgiprocessgroup"]).all {
            if node.isSection {
                excludeGroups(namedIn: node, host, place)
            } else {
                exclude(node.words.first ?? "", host, place)
            }
        }
    }

    // MARK: - Groups

    private func find(_ name: String, _ host: Int) -> Int? {
        guard case .found(let index) = facts.lookup(name, from: host) else { return nil }
        return index
    }

    /// Excludes the group of this name, or all if it is a variable.
    private mutating func exclude(_ name: String, _ host: Int, _ place: String) {
        guard let name = GroupExpression(name).staticText else { return exclude(usableFrom: host, place) }
        if let index = find(name, host) { exclude(index, place) }
    }

    private mutating func exclude(usableFrom host: Int, _ place: String) {
        for index in all.indices where facts.groups.all[index].isUsable[host] { exclude(index, place) }
    }

    private mutating func exclude(_ index: Int, _ place: String) {
        if all[index].obstacle.isEmpty { all[index].obstacle = place }
    }
}
