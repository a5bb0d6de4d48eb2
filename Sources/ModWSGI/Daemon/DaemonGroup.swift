internal import WSGIConfig

/// A process group as an httpd child uses it. The parent makes it after reading the configuration; it never changes.
@safe final class DaemonGroup: Sendable {  // cold: made by the parent
    /// The group's name.
    let name: String  // cold: made by the parent
    /// The number of its name in `MetricsNames`.
    let number: UInt32
    /// The slots of its workers, each with a socket.
    let slots: [DaemonSlot]  // cold: made by the parent
    /// Access to its workers.
    let access: WorkerAccess
    /// The required owner of its scripts; `nil` if any owner is allowed.
    let ownership: ScriptOwnership?
    /// Whether its processes have no request threads and only run scripts.
    let isService: Bool

    init(
        // cold: made by the parent
        name: String, number: UInt32, slots: [DaemonSlot], access: WorkerAccess, ownership: ScriptOwnership?,
        isService: Bool
    ) {
        self.name = name
        self.number = number
        self.slots = slots
        self.access = access
        self.ownership = ownership
        self.isService = isService
    }

    /// Its index in the scoreboard.
    var index: UInt32 { access.index }

    /// Timeouts and sizes.
    var settings: GroupSettings { access.settings }

    /// The index of a slot within the group, counted from 0.
    func index(of slot: DaemonSlot) -> Int { slot.position }
}
