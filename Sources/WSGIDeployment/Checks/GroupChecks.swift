internal import Glibc
internal import ProcessKit
internal import WSGIConfig
internal import WSGICore

/// Checks whether process groups can run, are named correctly and are used.
enum GroupChecks {
    /// The number of children from which on embedded mode is reported even if there are no process groups.
    private static let manyChildren = 50

    /// Groups that will answer 503 for a reason other than their Python, such as an account or a closed directory.
    static func unusable(_ facts: ConfigFacts) -> [Finding] {
        zip(facts.groups.all, facts.resolved).compactMap { group, resolved in
            guard case .failure(let error) = resolved, !PythonChecks.isAboutPython(error.id) else { return nil }
            return .unusable(
                error.id, at: group.definition.location, error.text,
                about: error.id == .environmentFileUnusable ? group.definition.options.environmentFiles : [])
        }
    }

    /// The directory of the sockets must exist, be writable for the user that starts httpd, and be accessible to
    /// httpd's user.
    static func socketDirectory(_ facts: ConfigFacts) -> [Finding] {
        guard let first = facts.groups.all.first else { return [] }
        let location = facts.location(of: "WSGISocketPrefix") ?? first.definition.location
        let prefix = facts.machine.socketPrefix
        let directory = prefix.lastIndex(of: "/").map { String(prefix[...$0]) } ?? "/"
        let subject = "WSGISocketPrefix \(prefix): the sockets of daemon processes cannot be created"
        let remedy = "Create the directory, or name another place, such as WSGISocketPrefix /run/apache2/wsgi."
        let files = UserFiles.own
        let status = files.status(of: directory)
        if status.isOverdue { return [] }
        guard status.kind == .directory else {
            return [
                Finding(
                    .socketUnusable, .error, at: location, "\(subject): '\(directory)' is not a directory. \(remedy)")
            ]
        }
        guard !PathAccess.isSelf(facts.httpd) || files.access(directory, W_OK | X_OK).code == 0 else {
            return [
                Finding(
                    .socketUnusable, .error, at: location,
                    "\(subject): the user that starts httpd may not write to '\(directory)'. \(remedy)")
            ]
        }
        guard let reason = PathAccess.closed(directory, .enter, for: facts.httpd) else { return [] }
        return [
            Finding(
                .connectFailed, .error, at: location,
                "WSGISocketPrefix \(prefix): requests for process groups will fail with 503, because \(reason); or "
                    + "name another place, such as WSGISocketPrefix /run/apache2/wsgi.")
        ]
    }

    /// Whether users other than the one that starts httpd can replace the sockets.
    static func exposedSockets(_ facts: ConfigFacts) -> [Finding] {
        guard let first = facts.groups.all.first, PathAccess.isSelf(facts.httpd) else { return [] }
        let prefix = facts.machine.socketPrefix
        guard let folder = ExposedPaths.first(on: ExposedPaths.directories(above: prefix)) else { return [] }
        let status = UserFiles.own.status(of: folder)
        return [
            Finding(
                .socketsExposed, at: facts.location(of: "WSGISocketPrefix") ?? first.definition.location,
                "WSGISocketPrefix \(prefix): users other than the one that starts httpd can replace files in "
                    + "'\(folder)' (mode 0\(String(status.mode & 0o7777, radix: 8)), owner "
                    + "\(PathAccess.owner(of: status))), and so impersonate daemon processes and receive the requests "
                    + "of all sites. Name a directory that only root can change, such as WSGISocketPrefix "
                    + "/run/apache2/wsgi.")
        ]
    }

    /// Names of process groups that nothing defines, or that belong to another virtual host.
    static func unknownNames(_ facts: ConfigFacts) -> [Finding] {
        var findings: [Finding] = []
        let hosts = Dictionary(grouping: facts.hosts, by: \.location)
        facts.tree.forEach { node, within in
            guard let name = groupName(of: node), !name.isEmpty else { return }
            let section = within.first { $0.name == "virtualhost" }
            let users = section.map { hosts[$0.location, default: []] } ?? facts.hosts
            let lookups = users.map { facts.lookup(name, from: $0.index) }
            let isFound = lookups.contains { if case .found = $0 { true } else { false } }
            guard !isFound, let user = users.first, let lookup = lookups.first else { return }
            let subject = "\(node.title): requests will fail with 500, because"
            switch lookup {
            case .found: break
            case .unknown:
                findings.append(
                    Finding(
                        .groupUnknown, at: node.location,
                        "\(subject) no WSGIDaemonProcess defines process group '\(name)': "
                            + facts.groups.advice(onUnknown: name, from: user.index)))
            case .ofOtherHost(let index):
                findings.append(
                    Finding(
                        .groupOfOtherHost, at: node.location,
                        "\(subject) process group '\(name)' is defined in another virtual host, at "
                            + "\(facts.groups.all[index].definition.location), and can be used where ServerName is the "
                            + "same: move its WSGIDaemonProcess out of <VirtualHost>, or define a group of another name "
                            + "here."))
            }
        }
        return findings
    }

    /// Names of groups that look like variables but are not.
    static func unknownVariables(_ facts: ConfigFacts) -> [Finding] {
        var findings: [Finding] = []
        facts.tree.forEach { node, _ in
            var values = ["process-group", "application-group"].compactMap { node.option($0) }
            if node.name == "wsgiapplicationgroup" || node.name == "wsgiprocessgroup" { values += node.words.prefix(1) }
            if knowsAuto(node), values.last == "%{AUTO}" { values.removeLast() }
            guard node.name.hasPrefix("wsgi") else { return }
            let option = node.option("callable-object")
            let object = option ?? (node.name == "wsgicallableobject" ? node.words.first : nil)
            if let object, object.contains("%{"),
                option != nil || GroupExpression(object, role: .callableObject).isLiteral
            {
                findings.append(
                    Finding(
                        .variableUnknown, .notice, at: node.location,
                        "\(node.title): callable object '\(object)' is taken as a literal name, and no script has such "
                            + "an object. Write its name, such as application."))
            }
            if node.name == "wsgidaemonprocess", let name = node.option("display-name"), name != "%{GROUP}",
                name.contains("%{")
            {
                findings.append(
                    Finding(
                        .variableUnknown, .notice, at: node.location,
                        "\(node.title): display-name '\(name)' is taken as a literal name: the only variable is "
                            + "%{GROUP}, alone."))
            }
            for value in values where value != "%{GLOBAL}" && value.contains("%{") {
                let isImport = node.name == "wsgiimportscript"
                guard isImport || GroupExpression(value).isLiteral else { continue }
                findings.append(
                    Finding(
                        .variableUnknown, .notice, at: node.location,
                        "\(node.title): '\(value)' is taken as a literal name, because "
                            + (isImport
                                ? "no request exists yet when a script is imported. Use %{GLOBAL} or a plain name."
                                : "no variable has this name. Use %{GLOBAL}, %{RESOURCE}, %{SERVER}, %{HOST} or "
                                    + "%{ENV:name}.")))
            }
        }
        return findings
    }

    /// Whether `%{AUTO}` as the application group, the last of a directive's groups, is a variable.
    private static func knowsAuto(_ node: ConfigTree.Node) -> Bool {
        switch node.name {
        case "wsgiimportscript": false
        case "wsgiapplicationgroup": true
        default: !node.isSection && node.option("application-group") != nil
        }
    }

    /// Applications that run in httpd's children, although no directive requests it.
    static func embeddedByAccident(_ facts: ConfigFacts) -> [Finding] {
        guard facts.tree.last("wsgirestrictembedded") == nil, !mayBeDispatched(facts) else { return [] }
        let children = facts.machine.process.httpdChildren
        guard !facts.groups.all.isEmpty || children >= manyChildren else { return [] }
        return accidents(facts).map { mount in
            let names = facts.groups.all.filter { $0.isUsable[mount.host.index] }.map(\.definition.name)
            let remedy =
                names.first.map { first in
                    names.count == 1
                        ? "Add process-group=\(first) to the line"
                        : "Add process-group= to the line, with the name of its group (groups here: "
                            + "\(names.joined(separator: ", ")))"
                } ?? "Define a WSGIDaemonProcess and add process-group= with its name to the line"
            return Finding(
                .embeddedByAccident, .notice, at: mount.alias.location,
                "\(mount.title): '\(mount.alias.target.string)' will run embedded in httpd's children (up to "
                    + "\(children)), because no process group is named for it. \(remedy), or add "
                    + "process-group=%{GLOBAL} if embedded mode is intended.")
        }
    }

    /// Applications that would run embedded where that is rejected.
    static func rejectedEmbedded(_ facts: ConfigFacts) -> [Finding] {
        guard facts.global.restrictEmbedded, !mayBeDispatched(facts) else { return [] }
        let byAlias = Dictionary(grouping: facts.mounts) { $0.alias.location }
        return facts.mounts.compactMap { mount in
            guard let all = byAlias[mount.alias.location], all.first?.host.index == mount.host.index,
                all.allSatisfy({ $0.processGroupName == "" })
            else { return nil }
            return Finding(
                .embeddedRestricted, at: mount.alias.location,
                "\(mount.title): requests will fail with 500, because no process group is named for "
                    + "'\(mount.alias.target.string)', and WSGIRestrictEmbedded is On. Add process-group= with the name of a "
                    + "WSGIDaemonProcess to the line.")
        }
    }

    /// Process groups that nothing names.
    static func unused(_ facts: ConfigFacts) -> [Finding] {
        var named: Set<String> = []
        var dependsOnRequest = mayBeDispatched(facts)
        facts.tree.forEach { node, _ in
            guard let value = groupName(of: node, literal: false) else { return }
            if value.contains("%{") && value != "%{GLOBAL}" { dependsOnRequest = true }
            named.insert(value)
        }
        guard !dependsOnRequest else { return [] }
        // If embedded mode is allowed explicitly, applications without a group are not reported.
        let isAllowed = facts.tree.last("wsgirestrictembedded") != nil && !facts.global.restrictEmbedded
        let accidents = isAllowed ? [] : accidents(facts)
        let misspelt = unknownNames(facts)
        return facts.groups.all.compactMap { group in
            let definition = group.definition
            // Its name is misspelt where it is used.
            guard !misspelt.contains(where: { $0.text.contains("did you mean '\(definition.name)'?") }) else {
                return nil
            }
            // The finding about an application without a group, or about the group's own script, is more precise.
            guard !named.contains(definition.name), definition.options.threads > 0,
                !accidents.contains(where: { group.isUsable[$0.host.index] })
            else {
                return nil
            }
            return Finding(
                .groupUnused, .notice, at: definition.location,
                "WSGIDaemonProcess '\(definition.name)': no request uses this process group, but "
                    + "its processes will run. Name it in WSGIProcessGroup or process-group=, "
                    + "or remove it.")
        }
    }

    /// The mounts without a process group; each alias once, and only if this applies to all servers where it can be
    /// reached.
    private static func accidents(_ facts: ConfigFacts) -> [ConfigFacts.Mount] {
        let byAlias = Dictionary(grouping: facts.mounts) { $0.alias.location }
        return facts.mounts.filter { mount in
            // Aliases of the main server occur again in each virtual host.
            byAlias[mount.alias.location]?.first?.host.index == mount.host.index
                && byAlias[mount.alias.location]?.allSatisfy {
                    if case .unsaid = $0.processGroup { true } else { false }
                }
                    == true
        }
    }

    /// Whether a script may choose process groups.
    private static func mayBeDispatched(_ facts: ConfigFacts) -> Bool {
        var isFound = false
        facts.tree.forEach { node, _ in if node.name == "wsgidispatchscript" { isFound = true } }
        return isFound
    }

    /// The process group that a directive names; `nil` if it names none, or a variable although `literal` is set.
    private static func groupName(of node: ConfigTree.Node, literal: Bool = true) -> String? {
        let value: String? =
            switch node.name {
            case "wsgiprocessgroup": node.words.first
            case "wsgiscriptalias", "wsgiscriptaliasmatch", "wsgihandlerscript", "wsgiimportscript":
                node.option("process-group")
            default: nil
            }
        guard let value else { return nil }
        return literal ? GroupExpression(value).staticText : value
    }
}

extension ConfigTree.Node {
    /// The directive as it was written, for messages.
    var title: String {
        let name = DirectiveTable.directive(named: name)?.name.description ?? name
        return name + (words.first.map { " '\($0)'" } ?? "")
    }
}
