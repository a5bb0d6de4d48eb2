public import WSGICore

/// The state of this module at one moment, as the pages of wsgi-metrics and wsgi-status show it.
public struct StatusReport: Sendable {
    /// When it was made, in microseconds since 1970.
    public var time: Int64 = 0
    /// The version of the module.
    public var version = ""
    /// Counters of requests.
    public var requests: [RequestCounts] = []
    /// The process groups.
    public var groups: [GroupStatus] = []
    /// The requests that run in embedded mode. `nil` if no application has been mapped to it.
    public var embedded: [EmbeddedRequest]?
    /// The slowest requests of the last quarter of an hour, the slowest first.
    public var slowest: [SlowRequest] = []
    /// Log messages by their ids, as tags.
    public var messages: [NamedCount] = []
    /// When the supervisor was started, in microseconds since 1970; `nil`: it has not answered, or there is none.
    public var supervisorStarted: Int64?
    /// Whether there should be a supervisor.
    public var needsSupervisor = false

    /// An empty report.
    public init() {}
}

/// A distribution of times. Its buckets are those of `RequestCounts.bounds`.
public struct Histogram: Equatable, Sendable {
    /// The number of values in each bucket; the last bucket has no upper bound.
    public var counts: [UInt64]
    /// The sum of the values, in microseconds.
    public var sum: UInt64

    /// A distribution.
    public init(counts: [UInt64], sum: UInt64) { (self.counts, self.sum) = (counts, sum) }

    /// Number of values.
    public var count: UInt64 { counts.reduce(0, &+) }
}

/// Counters of the requests of one process group on one virtual host.
public struct RequestCounts: Sendable {
    /// The upper bounds of the buckets, in microseconds.
    public static let bounds: [UInt64] = [
        1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000, 2_500_000, 5_000_000,
        10_000_000, 30_000_000,
    ]

    /// The process group; `%{GLOBAL}`: embedded mode; empty: rejected before it was known.
    public var group: String
    /// The virtual host, as `name:port`.
    public var host: String
    /// Number of requests by the hundreds of their status; at 0: those without a status.
    public var classes: [UInt64] = []
    /// Number of rejections by the raw value of their reason.
    public var rejections: [UInt64] = []
    /// The time until a thread was claimed.
    public var queue = Histogram(counts: [], sum: 0)
    /// The time in the application.
    public var application = Histogram(counts: [], sum: 0)
    /// The time for reading bodies.
    public var read = Histogram(counts: [], sum: 0)
    /// The time for writing responses.
    public var write = Histogram(counts: [], sum: 0)

    /// Counters at zero.
    public init(group: String, host: String) { (self.group, self.host) = (group, host) }

    /// Number of requests.
    public var total: UInt64 { classes.reduce(0, &+) }
}

/// A process group at one moment.
public struct GroupStatus: Sendable {
    /// The state of its processes.
    public enum State: String, Sendable {
        /// Requests wait for the first process.
        case starting
        /// A process serves.
        case serving
        /// No process could be started.
        case failed
        /// Removed, or httpd stops.
        case stopped
    }

    /// Its name.
    public var name: String
    /// Its state.
    public var state = State.starting
    /// Request threads of its serving processes.
    public var threads = 0
    /// Those that are busy.
    public var busy = 0
    /// Waiting requests.
    public var waiting = 0
    /// The time since the queue was empty, in milliseconds; 0: it is empty.
    public var queueAge = 0
    /// Whether the group is overloaded.
    public var isOverloaded = false
    /// The supervisor's facts; `nil`: it has not answered.
    public var facts: GroupFacts?

    /// A group.
    public init(name: String) { self.name = name }
}

/// A request that runs in a process of httpd.
public struct EmbeddedRequest: Sendable {
    /// The pid.
    public var process: Int64
    /// The request.
    public var thread: ThreadFacts

    /// A request.
    public init(process: Int64, thread: ThreadFacts) { (self.process, self.thread) = (process, thread) }
}

/// A request that took long.
public struct SlowRequest: Sendable {
    /// Its process group.
    public var group = ""
    /// Its virtual host.
    public var host = ""
    /// httpd's log id.
    public var id = ""
    /// Method and path.
    public var line = ""
    /// Its status.
    public var status = 0
    /// How long ago it ended, in microseconds.
    public var age: Int64 = 0
    /// Its times in the queue, in the application, for reading and for writing, in microseconds.
    public var times: [Int64] = [0, 0, 0, 0]

    /// An empty request.
    public init() {}

    /// The whole time, in microseconds.
    public var duration: Int64 { times.reduce(0, &+) }
}

extension SlotFacts {
    /// The process that serves.
    var serving: WorkerFacts? { processes.first { $0.state == "serving" } }
}
