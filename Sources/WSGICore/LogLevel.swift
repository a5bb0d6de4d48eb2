/// A level of httpd's error log, with httpd's number (`APLOG_*` of `http_log.h`): the more severe, the lower.
public enum LogLevel: Int32, Comparable, Sendable {
    case alert = 1
    case critical = 2
    case error = 3
    case warning = 4
    case notice = 5
    case info = 6
    case debug = 7
    case trace1 = 8

    /// The name in the log and in the directive `LogLevel`.
    public var name: String {
        switch self {
        case .alert: "alert"
        case .critical: "crit"
        case .error: "error"
        case .warning: "warn"
        case .notice: "notice"
        case .info: "info"
        case .debug: "debug"
        case .trace1: "trace1"
        }
    }

    /// The level with httpd's number; numbers out of range are clamped.
    public init(number: Int) {
        self = LogLevel(rawValue: Int32(clamping: max(number, 1))) ?? .trace1
    }

    /// Whether one level is more severe than another.
    public static func < (one: LogLevel, other: LogLevel) -> Bool { one.rawValue < other.rawValue }
}
