internal import Glibc

/// A point of the monotonic clock, which no change of the date moves.
public struct MonotonicTime: Sendable {
    /// Milliseconds since the machine was started.
    public let milliseconds: Int64

    /// Now.
    public static var now: MonotonicTime {
        var time = timespec()
        unsafe clock_gettime(CLOCK_MONOTONIC, &time)
        return MonotonicTime(milliseconds: Int64(time.tv_sec) &* 1000 &+ Int64(time.tv_nsec) / 1_000_000)
    }

    /// The point so many seconds later.
    public func adding(seconds: Int) -> MonotonicTime {
        MonotonicTime(milliseconds: milliseconds &+ Int64(seconds) &* 1000)
    }

    /// Whole seconds from an earlier point to this one.
    public func seconds(since earlier: MonotonicTime) -> Int64 { (milliseconds &- earlier.milliseconds) / 1000 }

    /// Milliseconds from now to this point; negative when it has passed.
    public var millisecondsLeft: Int64 { milliseconds &- MonotonicTime.now.milliseconds }
}
