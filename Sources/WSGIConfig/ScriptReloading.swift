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
    /// `On`, `Off` or `Rolling`, in any case.
    static var scriptReloading: Self {
        Self(
            usage: "On|Off|Rolling", syntax: "On, Off or Rolling",
            parse: { word in
                switch word.lowercased() {
                case "on": .on
                case "off": .off
                case "rolling": .rolling
                default: nil
                }
            },
            print: { value in
                switch value {
                case .on: "On"
                case .off: "Off"
                case .rolling: "Rolling"
                }
            })
    }
}
