internal import WSGICore

/// How one worker is started.
struct StartAttempt {
    /// The definition.
    var spec: GroupSpec
    /// The cause of the start.
    let cause: SlotMachine.Cause
    /// Scripts to import in addition to those of the definition.
    let learned: [ScriptSpec]
    /// Scripts that may fail.
    var tolerated: [ScriptSpec] = []
    /// Whether the failure of any other script ends the start.
    var mustSucceed = false
    /// Whether `spec` is the former definition.
    var usesFormerDefinition = false
    /// Whether requests wait, or may wait, for it: no other worker serves the group, or none with this code.
    var isUrgent = false

    /// A start with this definition.
    init(spec: GroupSpec, cause: SlotMachine.Cause, learned: [ScriptSpec]) {
        (self.spec, self.cause, self.learned) = (spec, cause, learned)
    }
}
