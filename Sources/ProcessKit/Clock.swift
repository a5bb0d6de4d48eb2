internal import CSystem
internal import Glibc

/// The two clocks of the operating system.
public enum Clock {
    /// Milliseconds of the monotonic clock, from an arbitrary start.
    public static func milliseconds() -> Int64 { Int64(truncatingIfNeeded: wsgi_monotonic_nanoseconds() / 1_000_000) }

    /// Nanoseconds of the monotonic clock, from an arbitrary start.
    public static func nanoseconds() -> UInt64 { wsgi_monotonic_nanoseconds() }

    /// Waits. Signals may shorten the wait.
    public static func sleep(milliseconds: Int64) { _ = usleep(UInt32(clamping: milliseconds &* 1_000)) }

    /// The time of day in microseconds since 1970.
    public static func wallMicroseconds() -> Int64 { wsgi_wall_microseconds() }
}
