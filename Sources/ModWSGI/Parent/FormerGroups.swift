internal import WSGIConfig
internal import WSGICore

/// The process groups of the configuration before this one, as they were resolved: a group whose definition cannot be
/// resolved any more after a graceful restart goes on as it was. Only the httpd parent uses it, on its one thread.
enum FormerGroups {
    /// One group.
    struct Group {
        let spec: GroupSpec
        let ownership: ScriptOwnership?
    }

    @safe nonisolated(unsafe) private static var known: [String: Group] = [:]
    @safe nonisolated(unsafe) private static var scripts: [String] = []

    /// What a group was; `nil`: it is new.
    static func group(_ name: String) -> Group? { known[name] }

    /// Forgets all groups but these, which run now.
    static func remember(_ groups: [String: Group]) { known = groups }

    /// Takes over the scripts that aliases name, and returns those that they did before and do not any more.
    static func replaceScripts(_ newer: [String], keepsProcesses: Bool) -> [String] {
        defer { scripts = newer }
        guard keepsProcesses, scripts != newer else { return [] }
        return Array(Set(scripts).subtracting(newer))
    }
}
