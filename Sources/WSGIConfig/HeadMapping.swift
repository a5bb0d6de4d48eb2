/// What `WSGIMapHEADToGET` says: whether applications see HEAD as GET.
public enum HeadMapping: UInt8, Sendable {
    /// Every HEAD is a GET to the application.
    case on
    /// HEAD stays HEAD.
    case off
    /// HEAD becomes GET when an output filter of the request needs the body to do its work.
    case auto
}

extension ValueKind where Value == HeadMapping {
    /// `On`, `Off` or `Auto`, in any case.
    static var headMapping: Self {
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
