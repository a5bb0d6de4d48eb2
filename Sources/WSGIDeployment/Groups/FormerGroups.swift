public import WSGICore

/// The process groups of the configuration before this one, as they were resolved: a group whose definition cannot be
/// resolved any more after a graceful restart goes on as it was.
public struct FormerGroups {
    /// One group.
    public struct Group {
        /// As the supervisor ran it.
        public let spec: GroupSpec
        /// To whom its scripts had to belong; `nil`: to anybody.
        public let owner: ScriptOwner?

        /// A group that runs.
        public init(spec: GroupSpec, owner: ScriptOwner?) {
            self.spec = spec
            self.owner = owner
        }
    }

    private var known: [String: Group] = [:]
    private var scripts: [String] = []

    /// There are none.
    public init() {}

    /// The group as it was, to go on although `error` keeps it from running as it is defined now; `nil`: it is new, or it
    /// must not, because its processes are to have other rights, or nothing to run.
    public func group(_ name: String, despite error: StartError, _ resolver: GroupResolver) -> Group? {
        guard let former = known[name], error.id != .serviceWithoutScript, resolver.keepsRights(of: former.spec) else {
            return nil
        }
        return former
    }

    /// Forgets all groups but these, which run now.
    public mutating func remember(_ groups: [String: Group]) { known = groups }

    /// Takes over the scripts that aliases name, and returns those that they did before and do not any more.
    public mutating func replaceScripts(_ newer: [String], keepsProcesses: Bool) -> [String] {
        defer { scripts = newer }
        guard keepsProcesses, scripts != newer else { return [] }
        return Array(Set(scripts).subtracting(newer))
    }
}
