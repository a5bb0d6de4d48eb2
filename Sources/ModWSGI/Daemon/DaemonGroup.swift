internal import WSGIConfig

/// A process group as an httpd child uses it: made by the parent after the configuration was read, never changed.
@safe final class DaemonGroup: Sendable {  // cold: made by the parent
    /// The group's name.
    let name: String  // cold: made by the parent
    /// Where each of its workers listens.
    let slots: [DaemonSlot]  // cold: made by the parent
    /// How its workers are reached.
    let access: WorkerAccess
    /// To whom its scripts must belong; `nil`: to anybody.
    let ownership: ScriptOwnership?
    /// Its processes have no request threads: they only run scripts.
    let isService: Bool

    // cold: made by the parent
    init(name: String, slots: [DaemonSlot], access: WorkerAccess, ownership: ScriptOwnership?, isService: Bool) {
        self.name = name
        self.slots = slots
        self.access = access
        self.ownership = ownership
        self.isService = isService
    }

    /// Its place in the scoreboard.
    var index: UInt32 { access.index }

    /// Timeouts and sizes.
    var settings: GroupSettings { access.settings }

    /// Which of its slots this is, counted from 0.
    func place(of slot: DaemonSlot) -> Int { slots.firstIndex { $0.index == slot.index } ?? 0 }
}
