public import WSGICore

/// The resolved process groups of the previous configuration. If the definition of a group can no longer be resolved
/// after a graceful restart, the group continues unchanged.
public struct FormerGroups {
    /// One group.
    public struct Group {
        /// The spec that the supervisor ran.
        public let spec: GroupSpec
        /// The required owner of its scripts; `nil`: any.
        public let owner: ScriptOwner?

        /// A running group.
        public init(spec: GroupSpec, owner: ScriptOwner?) {
            self.spec = spec
            self.owner = owner
        }
    }

    private var known: [String: Group] = [:]
    private var scripts: [String] = []

    /// An empty list.
    public init() {}

    /// The former group, if it can continue although its new definition fails with `error`; `nil` if the group is new,
    /// if its new definition gives its processes other rights, or if it has nothing to run.
    public func group(_ name: String, despite error: ResolutionError, _ resolver: GroupResolver) -> Group? {
        guard let former = known[name], error.id != .serviceWithoutScript, resolver.keepsRights(of: former.spec) else {
            return nil
        }
        return former
    }

    /// Replaces the list by these groups, which are running now.
    public mutating func remember(_ groups: [String: Group]) { known = groups }

    /// Records the scripts that aliases name, and returns those that they no longer name.
    public mutating func replaceScripts(_ newer: [String], keepsProcesses: Bool) -> [String] {
        defer { scripts = newer }
        guard keepsProcesses, scripts != newer else { return [] }
        return Array(Set(scripts).subtracting(newer))
    }
}
