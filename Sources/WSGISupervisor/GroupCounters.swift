internal import ProcessKit
internal import WSGICore

/// What happened to a process group since the supervisor was started, for metrics.
struct GroupCounters {
    private var starts: [String: Int64] = [:]
    private var crashes: [String: Int64] = [:]
    /// Replacements that failed.
    var failedDeploys: Int64 = 0
    /// CPU time of processes that have ended, in microseconds.
    var cpu: Int64 = 0
    /// Busy threads and waiting requests.
    var history = History()

    /// Counts the start of a process.
    mutating func count(start cause: SlotMachine.Cause) { starts[cause.name, default: 0] += 1 }

    /// Counts a process that ended unexpectedly, by a name of `CrashKind`.
    mutating func count(crash kind: String) { crashes[kind, default: 0] += 1 }

    /// Starts by reason.
    var startCounts: [NamedCount] { Self.sorted(starts) }

    /// Unexpected ends by kind.
    var crashCounts: [NamedCount] { Self.sorted(crashes) }

    private static func sorted(_ counts: [String: Int64]) -> [NamedCount] {
        counts.sorted { $0.key < $1.key }.map { NamedCount($0.key, $0.value) }
    }
}

extension SlotMachine.Cause {
    /// The name by which metrics count the cause.
    var name: String {
        switch self {
        case .first: StartReason.first
        case .added: StartReason.added
        case .ended: StartReason.ended
        case .retired(let reason, _): reason.name
        case .configuration(.none): StartReason.graceful
        case .configuration: StartReason.configuration
        }
    }
}
