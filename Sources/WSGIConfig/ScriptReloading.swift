/// The value of `WSGIScriptReloading`: the action when the file of a script has changed.
public enum ScriptReloading: UInt8, Sendable {
    /// None: the loaded code stays.
    case off
    /// From the change on, only the changed code serves requests.
    case on
    /// In a process group, the loaded code serves until the changed code is ready; in embedded mode, as `on`.
    case rolling
}

extension ValueKind where Value == ScriptReloading {
    /// `On`, `Off` or `Rolling`.
    static var scriptReloading: Self { words([("On", .on), ("Off", .off), ("Rolling", .rolling)]) }
}
