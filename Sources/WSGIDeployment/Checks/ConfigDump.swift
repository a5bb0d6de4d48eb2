internal import WSGIConfig
internal import WSGICore

/// The output of `apachectl -t -D DUMP_WSGI`: the target of each URL, and all options of all process groups.
public struct ConfigDump {
    private let facts: ConfigFacts
    private let singles: SingleApplications

    /// Prepares the text for a configuration.
    public init(_ facts: ConfigFacts) { (self.facts, singles) = (facts, SingleApplications(facts)) }

    /// All lines.
    public var text: String {
        var lines = ["mod_wsgi \(ModuleVersion.text), configuration:"]
        lines += wholeServer
        lines += facts.hosts.flatMap(host)
        lines += facts.groups.all.indices.flatMap(group)
        return lines.joined(separator: "\n") + "\n"
    }

    // MARK: - Servers

    private func host(_ host: ConfigFacts.Host) -> [String] {
        let mounts = facts.mounts.filter { $0.host.index == host.index }
        guard !mounts.isEmpty else { return [] }
        var table = TextTable(["URL path", "script", "process group", "application group", "Python", "defined at"])
        for mount in mounts {
            let alias = mount.alias
            table.append([
                alias.isPattern ? "~ " + alias.urlPath.string : alias.urlPath.string, alias.target.string,
                processGroup(of: mount), applicationGroup(of: mount), python(of: mount),
                alias.location.description,
            ])
        }
        let title =
            host.index == 0 ? "Main server:" : "Virtual host \(host.title) (\(host.location?.description ?? "")):"
        return ["", title] + table.lines(indent: "    ")
    }

    private func processGroup(of mount: ConfigFacts.Mount) -> String {
        switch mount.processGroup {
        case .unsaid: return "(embedded)"
        case .unknown: return "(depends on the request)"
        case .named(let group, _):
            guard let name = group.staticText else { return group.text.string }
            guard !name.isEmpty else { return "(embedded)" }
            switch facts.lookup(name, from: mount.host.index) {
            case .found: return name
            case .ofOtherHost: return "\(name) (of another host)"
            case .unknown: return "\(name) (not defined)"
            }
        }
    }

    /// The application group; of `%{AUTO}`, what it is.
    private func applicationGroup(of mount: ConfigFacts.Mount) -> String {
        guard let group = mount.applicationGroup else { return "(depends on the request)" }
        guard group == "%{AUTO}" else { return group }
        guard let name = mount.processGroupName, case .found(let index) = facts.lookup(name, from: mount.host.index),
            singles.isSingle(index)
        else { return "%{AUTO}: %{RESOURCE}" }
        return "%{AUTO}: %{GLOBAL}"
    }

    private func python(of mount: ConfigFacts.Mount) -> String {
        guard let name = mount.processGroupName else { return "-" }
        guard !name.isEmpty else {
            guard !facts.global.restrictEmbedded else { return "(WSGIRestrictEmbedded On)" }
            return describe(facts.httpd) { () throws(ResolutionError) in
                try PythonChoice.embedded(facts.global, facts.machine.defaultPython, facts.httpd.files)
            }
        }
        guard case .found(let index) = facts.lookup(name, from: mount.host.index) else { return "-" }
        return python(ofGroup: index)
    }

    private func python(ofGroup index: Int) -> String {
        let options = facts.groups.all[index].definition.options
        let user = facts.identity(ofGroup: index) ?? facts.httpd
        return describe(user) { () throws(ResolutionError) in
            try PythonChoice.executable(
                options, facts.global, facts.machine.defaultPython, user.files, for: "", root: options.root)
        }
    }

    /// Version and executable.
    private func describe(_ user: Identity, _ choose: () throws(ResolutionError) -> String) -> String {
        guard let executable = try? choose() else { return "(cannot be used, see configtest)" }
        return (PythonFacts(executable: executable, user.files).version.map { $0 + " " } ?? "") + executable
    }

    // MARK: - Process groups

    private func group(_ index: Int) -> [String] {
        let (group, resolved) = (facts.groups.all[index], facts.resolved[index])
        let definition = group.definition
        var table = TextTable(["option", "value", "from"])
        for option in DaemonOptionTable.all {
            for value in option.print(definition.options) {
                let (shown, from) = effective(value, of: option, definition, try? resolved.get())
                table.append([option.name.description, shown.isEmpty ? "-" : shown, from])
            }
        }
        let users = facts.hosts.filter { group.isUsable[$0.index] }.map(\.title)
        return [
            "", "Process group '\(definition.name)' (\(definition.location)):",
            "    visible in: \(users.count == facts.hosts.count ? "all servers" : users.joined(separator: ", "))",
            "    runs: \(python(ofGroup: index))", "    %{AUTO}: \(singles.explanation(of: index))",
        ] + table.lines(indent: "    ")
    }

    /// The effective value of an option and its origin, which may be another directive if the option is not written.
    private func effective(
        _ value: String, of option: DaemonOption, _ definition: GroupDefinition, _ spec: GroupSpec?
    ) -> (value: String, from: String) {
        if option.isWritten(in: definition.options) {
            let location = definition.location.description
            guard option.isSecret, let equals = value.firstIndex(of: "=") else {
                return (Words.quoted(value), location)
            }
            return (value[...equals] + "(not shown)", location)
        }
        switch option.name.description {
        case "user":
            if let spec { return (spec.userName.isEmpty ? "#\(spec.userID)" : spec.userName, "httpd's User") }
        case "group":
            if let spec { return (Accounts.groupName(of: spec.groupID), "httpd's Group") }
        case "home":
            if let spec, !spec.workingDirectory.isEmpty { return (spec.workingDirectory, "the user's home directory") }
        case "python-home":
            if definition.options.python == nil, let home = facts.global.pythonHome {
                return (home, facts.location(of: "WSGIPythonHome")?.description ?? "WSGIPythonHome")
            }
        case "socket-timeout": return (String(facts.machine.timeout), "httpd's Timeout")
        default: break
        }
        return (value.isEmpty ? "" : Words.quoted(value), "default")
    }

    // MARK: - The whole server

    private var wholeServer: [String] {
        var table = TextTable(["directive", "value", "from"])
        for directive in DirectiveTable.all
        where (directive.scope == .mainServer || directive.scope == .interpreter) && !directive.isSection
            && !directive.isRemoved && !directive.isIgnored
        {
            let name = directive.name.description
            let nodes = facts.tree.nodes.filter { $0.name == name.lowercased() }
            for node in nodes { table.append([name, node.arguments, node.location.description]) }
            if nodes.isEmpty {
                let value = name == "WSGISocketPrefix" ? facts.machine.socketPrefix : directive.defaultValue
                table.append([name, value.isEmpty ? "-" : value, "default"])
            }
        }
        return ["", "Whole server:"] + table.lines(indent: "    ")
    }
}
