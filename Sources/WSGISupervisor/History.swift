/// The busy threads and waiting requests of a group over the last quarter of an hour.
struct History {
    /// Seconds of one point.
    static let interval: Int64 = 10
    /// Maximum number of points.
    static let most = 90

    private var points: [(saturation: UInt32, waiting: UInt32)] = []
    /// The sums of the point that is being made.
    private var (busy, threads, waiting, begun): (Int, Int, Int, Int64?) = (0, 0, 0, nil)

    /// Adds a sample. The point of an interval is complete when the first sample of the next one arrives.
    mutating func add(busy: Int, threads: Int, waiting: Int, at seconds: Int64) {
        if let begun, seconds / Self.interval != begun / Self.interval { complete(from: begun, to: seconds) }
        begun = begun ?? seconds
        self.busy += busy
        self.threads += threads
        self.waiting = max(self.waiting, waiting)
    }

    private mutating func complete(from begun: Int64, to now: Int64) {
        points.append((threads > 0 ? UInt32(busy * 100 / threads) : 0, UInt32(clamping: waiting)))
        // The supervisor was stopped meanwhile.
        let missing = min(max(now / Self.interval - begun / Self.interval - 1, 0), Int64(Self.most))
        for _ in 0..<missing { points.append((0, 0)) }
        if points.count > Self.most { points.removeFirst(points.count - Self.most) }
        (busy, threads, waiting, self.begun) = (0, 0, 0, nil)
    }

    /// Busy threads in percent, the oldest first.
    var saturation: [UInt32] { points.map(\.saturation) }

    /// The longest queues, the oldest first.
    var longestQueues: [UInt32] { points.map(\.waiting) }
}
