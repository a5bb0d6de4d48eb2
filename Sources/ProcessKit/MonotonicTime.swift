internal import Glibc

/// A time of the monotonic clock, which changes of the date do not affect.
public struct MonotonicTime: Sendable {
    /// Milliseconds since the machine was started.
    public let milliseconds: Int64

    /// Now.
    public static var now: MonotonicTime {
        var time = timespec()
        unsafe clock_gettime(CLOCK_MONOTONIC, &time)
        return MonotonicTime(milliseconds: Int64(time.tv_sec) &* 1000 &+ Int64(time.tv_nsec) / 1_000_000)
    }

    /// The time this number of seconds later.
    public func adding(seconds: Int) -> MonotonicTime {
        MonotonicTime(milliseconds: milliseconds &+ Int64(seconds) &* 1000)
    }

    /// Whole seconds from an earlier time to this one.
    public func seconds(since earlier: MonotonicTime) -> Int64 { (milliseconds &- earlier.milliseconds) / 1000 }

    /// Milliseconds from now to this time; negative if it has passed.
    public var millisecondsLeft: Int64 { milliseconds &- MonotonicTime.now.milliseconds }
}
