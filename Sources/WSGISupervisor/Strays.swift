/// The state of the search for strays.
struct Strays {
    /// The users of all workers so far.
    var users: Set<UInt32> = []
    /// When ended strays are reaped next.
    var reapAt: Int64 = 0
    /// Whether a process has ended that may have left strays behind.
    var isDue = false
    /// The earliest time of the next search.
    var lookAt: Int64 = 0
    /// For each user with strays: when those that are still found are killed at once, because they have started
    /// other processes instead of ending.
    var killAt: [UInt32?: Int64] = [:]
}
