/// A setting that is on, off, or depends on the request.
public enum OnOffAuto: UInt8, Sendable {
    case on
    case off
    case auto
}

extension ValueKind where Value == OnOffAuto {
    /// `On`, `Off` or `Auto`, in any case.
    static var onOffAuto: Self {
        Self(
            usage: "On|Off|Auto", syntax: "On, Off or Auto",
            parse: { word in
                switch word.lowercased() {
                case "on": .on
                case "off": .off
                case "auto": .auto
                default: nil
                }
            },
            print: { value in
                switch value {
                case .on: "On"
                case .off: "Off"
                case .auto: "Auto"
                }
            })
    }
}
