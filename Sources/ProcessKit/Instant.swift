internal import Glibc

/// A time of the monotonic clock, which changes of the date do not affect.
public struct Instant: Sendable {
    /// Milliseconds since the machine was started.
    public let milliseconds: Int64

    /// The time this number of milliseconds after the machine was started.
    public init(milliseconds: Int64) { self.milliseconds = milliseconds }

    /// Now.
    public static var now: Instant {
        var time = timespec()
        unsafe clock_gettime(CLOCK_MONOTONIC, &time)
        return Instant(milliseconds: Int64(time.tv_sec) &* 1000 &+ Int64(time.tv_nsec) / 1_000_000)
    }

    /// The time this number of seconds later.
    public func adding(seconds: Int) -> Instant {
        Instant(milliseconds: milliseconds &+ Int64(seconds) &* 1000)
    }

    /// Whole seconds from an earlier time to this one.
    public func seconds(since earlier: Instant) -> Int64 { (milliseconds &- earlier.milliseconds) / 1000 }

    /// Milliseconds from now to this time; negative if it has passed.
    public var millisecondsLeft: Int64 { milliseconds &- Instant.now.milliseconds }
}
