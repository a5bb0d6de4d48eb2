/// What `WSGIRestrictProcess` says: the process groups that requests may be given to.
public struct ProcessRestriction: Equatable, Sendable {
    /// The names; the empty one is embedded mode.
    public let groups: [ConfigText]

    /// Allows these groups only; `%{GLOBAL}` is embedded mode.
    public init(_ names: [String]) {
        groups = names.map { ConfigText($0 == "%{GLOBAL}" ? "" : $0) }
    }

    /// Whether requests may be given to the group of this name. Nothing is allocated.
    public func allows(_ name: UnsafeRawBufferPointer) -> Bool {
        for index in groups.indices where unsafe groups[index].equals(name) { return true }
        return false
    }
}
