/// The value of `request-timeout-rule=`: the meaning of `request-timeout=`.
public enum RequestTimeoutRule: String, CaseIterable, Sendable {
    /// Multiplied by (1 + ln(threads)), as in mod_wsgi: a process with many threads continues to serve with the others.
    case scaled
    /// Unchanged.
    case exact
}

extension ValueKind where Value == RequestTimeoutRule {
    /// `scaled` or `exact`.
    static var requestTimeoutRule: Self {
        Self(
            usage: "scaled|exact", syntax: "scaled or exact", parse: { RequestTimeoutRule(rawValue: $0.lowercased()) },
            print: { $0.rawValue })
    }
}
