/// How long a slot waits between starts that come to nothing.
enum BackOff {
    /// A worker that was ready this long did not die of its start.
    static let stableAfter: Int64 = 1_000

    /// A process that only runs its scripts and has run this long did its work.
    static let longRun: Int64 = 10_000

    /// Milliseconds to wait after the `failures`-th failure in a row (from 1).
    ///
    /// It is at once the first time, half a minute at most. An application in which one URL ends the process serves the
    /// others meanwhile: where the worker says that it has served, a second is the most.
    static func delay(failures: Int, hasServed: Bool) -> Int64 {
        if hasServed {
            let milliseconds: [Int64] = [0, 0, 0, 100, 200, 400, 800, 1_000]
            return milliseconds[min(max(failures - 1, 0), milliseconds.count - 1)]
        }
        let seconds: [Int64] = [0, 1, 2, 4, 8, 16, 30]
        return 1_000 * seconds[min(max(failures - 1, 0), seconds.count - 1)]
    }
}
