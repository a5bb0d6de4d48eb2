/// Why a worker is replaced: what the log says in parentheses, and `mod_wsgi` tells the application.
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
    /// It does not listen to the supervisor any more.
    case controlLost = 13

    /// The name, as mod_wsgi writes it where it has the same reason.
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

    /// Whether the worker cannot serve any more, so that its successor is not waited for.
    public var leavesNothing: Bool { self == .deadlockTimeout || self == .startupTimeout }
}
