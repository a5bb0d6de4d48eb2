/// The workers of a group that have refused one request: their script has changed, or does not work in them.
struct RefusedWorkers {
    private struct Place {
        /// The generation that has refused the request; 0: none has, or it may be asked again.
        var refused: UInt32 = 0
        /// The generation of the time of the first refusal.
        let first: UInt32
        var isUnusable = false
    }

    /// By place in the group; empty: nobody has refused the request yet.
    private var places: [Place] = []

    /// Notes a refusal.
    ///
    /// - Parameters:
    ///   - isUnusable: The script does not work in this worker.
    ///   - present: The generations that the slots have now, by place in the group.
    mutating func insert(_ generation: UInt32, at place: Int, isUnusable: Bool, present: @autoclosure () -> [UInt32]) {
        if places.isEmpty { places = present().map { Place(first: $0) } }
        places[place].refused = generation
        places[place].isUnusable = isUnusable
    }

    /// Whether the worker of this generation has refused the request.
    func includes(_ generation: UInt32, at place: Int) -> Bool { places[place].refused == generation }

    /// Whether the script did not work in the last worker at this place that was asked.
    func isUnusable(at place: Int) -> Bool { places[place].isUnusable }

    /// Whether the worker of this generation has come since the first refusal.
    func isNew(_ generation: UInt32, at place: Int) -> Bool { places[place].first != generation }

    /// The request may be answered by old code: those who have it may be asked again.
    ///
    /// - Returns: One of them; `nil`: there is none.
    mutating func forgiveOldCode() -> Int? {
        var found: Int?
        for place in places.indices where !places[place].isUnusable && places[place].refused != 0 {
            places[place].refused = 0
            found = place
        }
        return found
    }
}
