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
    /// The requested preloads, in order and each once: those of `WSGIImportScript`, and those of aliases that give both
    /// groups without depending on the request.
    ///
    /// `servers` must be the list that these groups were collected from. In the groups `single`, `%{AUTO}` is the main
    /// interpreter; elsewhere it depends on the request.
    ///
    /// - Throws: `ConfigError` if a process group does not exist or is not visible to the server.
    public func preloads(
        of servers: [ConfiguredServer], single: Set<Int> = []
    ) throws(ConfigError) -> [Preload] {
        var preloads = PreloadList()
        for (index, server) in servers.enumerated() {
            for script in server.settings.importScripts {
                if script.isAuto {
                    guard case .found(let group) = find(script.processGroup, from: index), single.contains(group) else {
                        continue
                    }
                }
                let preload = try preload(script, of: index)
                // Processes without request threads run scripts, but no applications.
                if script.mountPoint != nil, let group = preload.group, isService(group) { continue }
                preloads.append(preload)
            }
        }
        return preloads.all
    }

    private func isService(_ group: Int) -> Bool { all[group].definition.options.threads == 0 }

    private func preload(_ script: ImportScript, of server: Int) throws(ConfigError) -> Preload {
        let spec = ScriptSpec(
            path: script.path, applicationGroup: script.applicationGroup, callableObject: script.factory,
            mountPoint: script.mountPoint)
        guard !script.processGroup.isEmpty else { return Preload(group: nil, script: spec) }
        switch find(script.processGroup, from: server) {
        case .found(let group): return Preload(group: group, script: spec)
        case .ofOtherHost(let group): throw notAccessible(script, all[group], server)
        case .unknown:
            throw ConfigError(
                "\(script.owner) at \(script.location): process group '\(script.processGroup)' is not yet configured: "
                    + "\(advice(onUnknown: script.processGroup, from: server))")
        }
    }

    private func notAccessible(_ script: ImportScript, _ group: Group, _ server: Int) -> ConfigError {
        let reason =
            isNameMissing(group, server)
            ? "and without a ServerName on both sides they cannot be matched"
            : "and a group can be used by virtual hosts of the same ServerName only"
        return ConfigError(
            "\(script.owner) at \(script.location): process group '\(script.processGroup)' is not accessible here, because "
                + "it is defined in another virtual host, at \(group.definition.location), \(reason): move its "
                + "WSGIDaemonProcess out of <VirtualHost>, or define a group of another name here.")
    }
}

/// Preloads, each script once per group. Its first alias gives its mount point.
private struct PreloadList {
    private struct Code: Hashable {
        let group: Int?
        let path: String
        let applicationGroup: String
        let factory: String
    }

    private(set) var all: [Preload] = []
    private var indices: [Code: Int] = [:]

    mutating func append(_ preload: Preload) {
        let code = Code(
            group: preload.group, path: preload.script.path, applicationGroup: preload.script.applicationGroup,
            factory: preload.script.callableObject)
        guard let known = indices[code] else {
            indices[code] = all.count
            all.append(preload)
            return
        }
        if all[known].script.mountPoint == nil { all[known] = preload }
    }
}
