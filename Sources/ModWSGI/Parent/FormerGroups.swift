internal import WSGIConfig
internal import WSGICore

/// The process groups of the previous configuration, as they were resolved. If the definition of a group can no longer
/// be resolved after a graceful restart, the group keeps running unchanged. Used only by the httpd parent, on its one
/// thread.
enum FormerGroups {
    /// One group.
    struct Group {
        let spec: GroupSpec
        let ownership: ScriptOwnership?
    }

    @safe nonisolated(unsafe) private static var known: [String: Group] = [:]
    @safe nonisolated(unsafe) private static var scripts: [String] = []

    /// The former state of a group. `nil` if the group is new.
    static func group(_ name: String) -> Group? { known[name] }

    /// Replaces the remembered groups with these, which run now.
    static func remember(_ groups: [String: Group]) { known = groups }

    /// Stores the scripts that aliases name, and returns those that they no longer name.
    static func replaceScripts(_ newer: [String], keepsProcesses: Bool) -> [String] {
        defer { scripts = newer }
        guard keepsProcesses, scripts != newer else { return [] }
        return Array(Set(scripts).subtracting(newer))
    }
}
