/// A setting that is on, off, or depends on the request.
public enum OnOffAuto: UInt8, Sendable {
    case on
    case off
    case auto
}

extension ValueKind where Value == OnOffAuto {
    /// `On`, `Off` or `Auto`.
    static var onOffAuto: Self { words([("On", .on), ("Off", .off), ("Auto", .auto)]) }
}
