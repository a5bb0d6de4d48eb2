/// The value of `WSGIRestrictProcess`: the process groups that may serve requests.
public struct ProcessRestriction: Equatable, Sendable {
    /// The names; the empty name is embedded mode.
    public let groups: [ConfigText]

    /// Allows these groups only; `%{GLOBAL}` is embedded mode.
    public init(_ names: [String]) {
        groups = names.map { ConfigText($0 == "%{GLOBAL}" ? "" : $0) }
    }

    /// Whether the group of this name may serve requests. Does not allocate.
    public func allows(_ name: UnsafeRawBufferPointer) -> Bool {
        for index in groups.indices where unsafe groups[index].equals(name) { return true }
        return false
    }
}
