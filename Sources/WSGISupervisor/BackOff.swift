/// How long a slot waits between failed starts.
enum BackOff {
    /// A worker that has been ready for this long did not fail because of its start.
    static let stableAfter: Int64 = 1_000

    /// A service process that has run for this long has done its work.
    static let longRun: Int64 = 10_000

    /// Milliseconds to wait after the `failures`-th failure in a row (from 1).
    ///
    /// The first retry is immediate, and the maximum is half a minute. If the worker has served requests, the maximum
    /// is a second: an application in which one URL ends the process can still serve the other URLs.
    static func delay(failures: Int, hasServed: Bool) -> Int64 {
        if hasServed {
            let milliseconds: [Int64] = [0, 0, 0, 100, 200, 400, 800, 1_000]
            return milliseconds[min(max(failures - 1, 0), milliseconds.count - 1)]
        }
        let seconds: [Int64] = [0, 1, 2, 4, 8, 16, 30]
        return 1_000 * seconds[min(max(failures - 1, 0), seconds.count - 1)]
    }
}
