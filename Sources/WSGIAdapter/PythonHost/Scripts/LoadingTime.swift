internal import CSystem
internal import Synchronization

/// Since when this process tries to load its first script: what `startup-timeout` counts.
public enum LoadingTime {
    /// Nanoseconds of the monotonic clock; 0: not yet; the largest number: one was loaded.
    private static let began = Atomic<UInt64>(0)

    /// Nanoseconds of the monotonic clock; 0: nothing was tried yet, or a script was loaded.
    public static var current: UInt64 {
        let time = began.load(ordering: .relaxed)
        return time == .max ? 0 : time
    }

    /// A script is to be loaded.
    static func begin() {
        guard began.load(ordering: .relaxed) == 0 else { return }
        _ = began.compareExchange(expected: 0, desired: wsgi_monotonic_nanoseconds(), ordering: .relaxed)
    }

    /// A script was loaded.
    static func end() { began.store(.max, ordering: .relaxed) }
}
