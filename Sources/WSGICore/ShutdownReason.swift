/// Why a worker is replaced. The log names the reason in parentheses, and applications receive it through `mod_wsgi`.
public enum ShutdownReason: UInt8, CaseIterable, Sendable {
    /// SIGTERM or SIGINT.
    case shutdownSignal = 1
    /// SIGUSR1, with an `eviction-timeout`.
    case evictionSignal = 2
    /// SIGUSR1.
    case gracefulSignal = 3
    /// `maximum-requests`.
    case maximumRequests = 4
    /// `cpu-time-limit`.
    case cpuTimeLimit = 5
    /// `restart-interval`.
    case restartInterval = 6
    /// `request-timeout`.
    case requestTimeout = 7
    /// `inactivity-timeout`.
    case inactivityTimeout = 8
    /// `startup-timeout`.
    case startupTimeout = 9
    /// `deadlock-timeout`.
    case deadlockTimeout = 10
    /// The script has changed.
    case scriptReload = 11
    /// `maximum-memory`.
    case maximumMemory = 12
    /// The worker no longer listens to the supervisor.
    case controlLost = 13

    /// The name, which is that of mod_wsgi where it has the same reason.
    public var name: String {
        switch self {
        case .shutdownSignal: "shutdown_signal"
        case .evictionSignal: "eviction_signal"
        case .gracefulSignal: "graceful_signal"
        case .maximumRequests: "maximum_requests"
        case .cpuTimeLimit: "cpu_time_limit"
        case .restartInterval: "restart_interval"
        case .requestTimeout: "request_timeout"
        case .inactivityTimeout: "inactivity_timeout"
        case .startupTimeout: "startup_timeout"
        case .deadlockTimeout: "deadlock_timeout"
        case .scriptReload: "script_reload"
        case .maximumMemory: "maximum_memory"
        case .controlLost: "control_lost"
        }
    }

    /// Whether the worker can no longer serve, so that it ends without waiting for its successor.
    public var leavesNothing: Bool { self == .deadlockTimeout || self == .startupTimeout }
}
