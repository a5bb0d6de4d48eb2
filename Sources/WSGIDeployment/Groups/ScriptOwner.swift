/// `script-user=` and `script-group=` of a process group: the required owner of scripts and their directories.
public struct ScriptOwner: Sendable {
    /// The user, and its name as written; `nil`: any.
    public let user: (id: UInt32, name: String)?
    /// The group, and its name as written; `nil`: any.
    public let group: (id: UInt32, name: String)?
}
