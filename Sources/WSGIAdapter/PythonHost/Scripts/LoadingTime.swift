internal import CSystem
internal import Synchronization

/// The time since which this process has tried to load its first script, for `startup-timeout`.
public enum LoadingTime {
    /// Nanoseconds of the monotonic clock; 0: not tried yet; the largest number: a script was loaded.
    private static let began = Atomic<UInt64>(0)

    /// Nanoseconds of the monotonic clock; 0: not tried yet, or a script was loaded.
    public static var current: UInt64 {
        let time = began.load(ordering: .relaxed)
        return time == .max ? 0 : time
    }

    /// Called before a script is loaded.
    static func begin() {
        guard began.load(ordering: .relaxed) == 0 else { return }
        _ = began.compareExchange(expected: 0, desired: wsgi_monotonic_nanoseconds(), ordering: .relaxed)
    }

    /// Called after a script was loaded.
    static func end() { began.store(.max, ordering: .relaxed) }
}
