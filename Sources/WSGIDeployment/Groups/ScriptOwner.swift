/// `script-user=` and `script-group=` of a process group: to whom scripts and their directories must belong.
public struct ScriptOwner: Sendable {
    /// The user, and its name as written; `nil`: any.
    public let user: (id: UInt32, name: String)?
    /// The group, and its name as written; `nil`: any.
    public let group: (id: UInt32, name: String)?
}
