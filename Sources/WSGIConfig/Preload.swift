public import WSGICore

/// A script that is imported before the first request: by the workers of a group, or by httpd's children.
public struct Preload: Hashable, Sendable {
    /// Index of the process group; `nil`: embedded, in httpd's children.
    public let group: Int?
    /// The script.
    public let script: ScriptSpec

    /// Describes a preload.
    public init(group: Int?, script: ScriptSpec) {
        self.group = group
        self.script = script
    }
}

extension ProcessGroups {
    /// The preloads that script aliases ask for, in order and each once.
    ///
    /// An alias asks for it when it gives both its groups and neither depends on the request. `servers` must be those
    /// that these groups were made of.
    ///
    /// - Throws: `ConfigError` when an alias names a group that does not exist, or is not for its server.
    public func preloads(of servers: [ConfiguredServer]) throws(ConfigError) -> [Preload] {
        var preloads: [Preload] = []
        var seen: Set<Preload> = []
        for (index, server) in servers.enumerated() {
            for alias in server.settings.ownAliases {
                guard let preload = try preload(alias, of: index), seen.insert(preload).inserted else { continue }
                preloads.append(preload)
            }
        }
        return preloads
    }

    private func preload(_ alias: ScriptAlias, of server: Int) throws(ConfigError) -> Preload? {
        guard let process = alias.processGroup?.staticText, let application = alias.applicationGroup?.staticText
        else { return nil }
        let script = ScriptSpec(path: alias.target.string, applicationGroup: application)
        guard !process.isEmpty else { return Preload(group: nil, script: script) }
        let lookup = unsafe alias.processGroup?.text.withBytes { name in unsafe find(name, from: server) } ?? .unknown
        switch lookup {
        case .found(let group): return Preload(group: group, script: script)
        case .ofOtherHost(let group): throw notAccessible(process, all[group], alias, server)
        case .unknown: throw unknown(process, alias, server)
        }
    }

    private func notAccessible(_ name: String, _ group: Group, _ alias: ScriptAlias, _ server: Int) -> ConfigError {
        let reason =
            isDefinedWithoutName(group, orUsedBy: server)
            ? "and without a ServerName on both sides they cannot be matched"
            : "and a group can be used by virtual hosts of the same ServerName only"
        return ConfigError(
            "WSGIScriptAlias '\(alias.urlPath.string)' at \(alias.location): process group '\(name)' is not accessible "
                + "here, because it is defined in another virtual host, at \(group.definition.location), \(reason): "
                + "move its WSGIDaemonProcess out of <VirtualHost>, or define a group of another name here.")
    }

    private func unknown(_ name: String, _ alias: ScriptAlias, _ server: Int) -> ConfigError {
        let known = all.filter { $0.isUsable[server] }.map(\.definition.name)
        let advice: String
        if let nearest = NearestName.nearest(to: name, among: known) {
            advice = "did you mean '\(nearest)'?"
        } else if known.isEmpty {
            advice = "add a WSGIDaemonProcess '\(name)'; none is defined for this server."
        } else {
            advice = "add a WSGIDaemonProcess '\(name)', or use another group."
        }
        let list = known.isEmpty ? "" : " Groups that can be used here: \(known.joined(separator: ", "))."
        return ConfigError(
            "WSGIScriptAlias '\(alias.urlPath.string)' at \(alias.location): process group '\(name)' is not yet "
                + "configured: \(advice)\(list)")
    }
}
