/// What `request-timeout-rule=` says: how `request-timeout=` is to be understood.
public enum RequestTimeoutRule: String, CaseIterable, Sendable {
    /// Times (1 + ln(threads)), as mod_wsgi has it: a process with many threads goes on serving with the others.
    case scaled
    /// As it is written.
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
