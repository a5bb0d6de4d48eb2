internal import WSGICore

/// When facts were requested and published. Times are in milliseconds of the monotonic clock.
struct FactsSchedule {
    /// The least time between two publications. They take at most a tenth of the supervisor's time.
    private(set) var interval: Int64 = 100
    /// When the next publication is due; `nil`: nothing was requested.
    var due: Int64?
    /// When facts were last published.
    private var published: Int64 = .min / 2
    /// Stacks that have arrived, the newest last.
    var stacks: [StackFacts] = []
    /// When busy threads are sampled next.
    var sampleAt: Int64 = 0

    /// Requests a publication, at once if that is allowed.
    mutating func request(at now: Int64) { due = due ?? max(now, published + interval) }

    /// Records a publication that began at `start`.
    mutating func note(from start: Int64, to end: Int64) {
        due = nil
        published = end
        interval = max(100, 9 * (end - start))
    }
}
