internal import Glibc

/// A point of the monotonic clock, which no change of the date moves.
struct MonotonicTime {
    /// Milliseconds since the machine was started.
    private(set) var milliseconds: Int64

    /// Now.
    static var now: MonotonicTime {
        var time = timespec()
        unsafe clock_gettime(CLOCK_MONOTONIC, &time)
        return MonotonicTime(milliseconds: Int64(time.tv_sec) &* 1000 &+ Int64(time.tv_nsec) / 1_000_000)
    }

    /// The point so many seconds later.
    func adding(seconds: Int) -> MonotonicTime {
        MonotonicTime(milliseconds: milliseconds &+ Int64(seconds) &* 1000)
    }

    /// Whole seconds from an earlier point to this one.
    func seconds(since earlier: MonotonicTime) -> Int64 { (milliseconds &- earlier.milliseconds) / 1000 }

    /// Milliseconds from now to this point; negative when it has passed.
    var millisecondsLeft: Int64 { milliseconds &- MonotonicTime.now.milliseconds }
}
