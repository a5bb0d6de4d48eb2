internal import WSGICore

/// When facts were requested and published. Times are in milliseconds of the monotonic clock.
struct FactsSchedule {
    /// The least time between two publications.
    static let interval: Int64 = 100
    /// When the next publication is due; `nil`: nothing was requested.
    var due: Int64?
    /// When facts were last published.
    var published: Int64 = -interval
    /// Stacks that have arrived, the newest last.
    var stacks: [StackFacts] = []
    /// When busy threads are sampled next.
    var sampleAt: Int64 = 0
}
