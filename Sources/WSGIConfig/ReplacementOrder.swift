/// What `replacement=` says: what becomes of a process while its successor starts.
public enum ReplacementOrder: String, CaseIterable, Sendable {
    /// It serves until the successor is ready.
    case successorFirst = "successor-first"
    /// It ends before the successor is started.
    case stopFirst = "stop-first"
}

extension ValueKind where Value == ReplacementOrder {
    /// `successor-first` or `stop-first`.
    static var replacementOrder: Self { words(ReplacementOrder.allCases.map { ($0.rawValue, $0) }) }
}
