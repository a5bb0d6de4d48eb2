/// What `WSGIScriptReloading` says: what becomes of a script whose file has changed.
public enum ScriptReloading: UInt8, Sendable {
    /// Nothing: the code that is loaded stays.
    case off
    /// From the change on only the changed code answers.
    case on
    /// In a process group the code that is loaded answers until the changed code is ready; embedded, as `on`.
    case rolling
}

extension ValueKind where Value == ScriptReloading {
    /// `On`, `Off` or `Rolling`.
    static var scriptReloading: Self { words([("On", .on), ("Off", .off), ("Rolling", .rolling)]) }
}
