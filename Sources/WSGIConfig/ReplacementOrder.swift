/// The value of `replacement=`: whether a process serves while its successor starts.
public enum ReplacementOrder: String, CaseIterable, Sendable {
    /// The process serves until the successor is ready.
    case successorFirst = "successor-first"
    /// The process ends before the successor is started.
    case stopFirst = "stop-first"
}

extension ValueKind where Value == ReplacementOrder {
    /// `successor-first` or `stop-first`.
    static var replacementOrder: Self { words(ReplacementOrder.allCases.map { ($0.rawValue, $0) }) }
}
