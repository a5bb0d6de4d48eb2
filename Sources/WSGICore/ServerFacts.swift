/// The supervisor's knowledge about its process groups, for the pages of wsgi-metrics and wsgi-status.
///
/// The supervisor writes it into memory that httpd's children can read.
public struct ServerFacts: Spec {
    /// When it was written, in microseconds since 1970.
    public var time: Int64 = 0
    /// When the supervisor was started, in microseconds since 1970.
    public var started: Int64 = 0
    /// The process groups.
    public var groups: [GroupFacts] = []
    /// Log messages of the supervisor by their ids.
    public var messages: [NamedCount] = []
    /// Stacks that were requested.
    public var stacks: [StackFacts] = []

    /// The fields, in the order in which they are written.
    public static let fields: [SpecField<ServerFacts>] = [
        .field("time", \.time),
        .field("started", \.started),
        .field("groups", \.groups),
        .field("messages", \.messages),
        .field("stacks", \.stacks),
    ]

    /// No facts.
    public init() {}
}

/// A counter with a name.
public struct NamedCount: Spec {
    /// The name.
    public var name = ""
    /// The count.
    public var count: Int64 = 0

    /// The fields, in the order in which they are written.
    public static let fields: [SpecField<NamedCount>] = [
        .field("name", \.name),
        .field("count", \.count),
    ]

    /// An empty name and zero.
    public init() {}

    /// A count.
    public init(_ name: String, _ count: Int64) { (self.name, self.count) = (name, count) }
}

/// A process group.
public struct GroupFacts: Spec {
    /// Its name.
    public var name = ""
    /// Why its present definition cannot be run; empty: it can.
    public var problem = ""
    /// Started processes by reason.
    public var starts: [NamedCount] = []
    /// Processes that ended unexpectedly, by kind.
    public var crashes: [NamedCount] = []
    /// Replacements that failed, so that the former process goes on serving.
    public var failedDeploys: Int64 = 0
    /// CPU time of all its processes, including those that have ended, in microseconds.
    public var cpu: Int64 = 0
    /// Busy threads in percent over the last quarter of an hour, the oldest first.
    public var saturation: [UInt32] = []
    /// Waiting requests at the same times.
    public var waiting: [UInt32] = []
    /// Its slots.
    public var slots: [SlotFacts] = []

    /// The fields, in the order in which they are written.
    public static let fields: [SpecField<GroupFacts>] = [
        .field("name", \.name),
        .field("problem", \.problem),
        .field("starts", \.starts),
        .field("crashes", \.crashes),
        .field("failedDeploys", \.failedDeploys),
        .field("cpu", \.cpu),
        .field("saturation", \.saturation),
        .field("waiting", \.waiting),
        .field("slots", \.slots),
    ]

    /// A group without slots.
    public init() {}
}

/// A slot of a process group.
public struct SlotFacts: Spec {
    /// Its index in the scoreboard.
    public var index: UInt32 = 0
    /// The code that serves.
    public var code: [CodeFacts] = []
    /// The code with which the last start has failed; `nil`: it has not.
    public var failed: CodeFacts?
    /// The last line of that failure.
    public var failure = ""
    /// Number of attempts that have failed with this code.
    public var attempts: Int64 = 0
    /// Since when newer code could not be started, in microseconds since 1970; 0: the newest code serves.
    public var staleSince: Int64 = 0
    /// Its processes.
    public var processes: [WorkerFacts] = []

    /// The fields, in the order in which they are written.
    public static let fields: [SpecField<SlotFacts>] = [
        .field("index", \.index),
        .field("code", \.code),
        .field("failed", \.failed),
        .field("failure", \.failure),
        .field("attempts", \.attempts),
        .field("staleSince", \.staleSince),
        .field("processes", \.processes),
    ]

    /// A slot without processes.
    public init() {}
}

/// A script at a certain time.
public struct CodeFacts: Spec {
    /// The path of its file.
    public var path = ""
    /// The modification time of the file, in microseconds since 1970; 0 or negative: unknown.
    public var modified: Int64 = 0

    /// The fields, in the order in which they are written.
    public static let fields: [SpecField<CodeFacts>] = [
        .field("path", \.path),
        .field("modified", \.modified),
    ]

    /// No script.
    public init() {}

    /// A script.
    public init(_ path: String, _ modified: Int64) { (self.path, self.modified) = (path, modified) }
}

/// A process of a slot.
public struct WorkerFacts: Spec {
    /// Its pid.
    public var process: Int64 = 0
    /// Its generation within the slot.
    public var generation: UInt32 = 0
    /// `starting`, `serving` or `draining`.
    public var state = ""
    /// When it was started, in microseconds since 1970.
    public var started: Int64 = 0
    /// Why it was started: the reason of the last replacement.
    public var reason = ""
    /// The same as text.
    public var cause = ""
    /// Requests that it has ended.
    public var requests: Int64 = 0
    /// Resident memory in bytes.
    public var memory: Int64 = 0
    /// CPU time in microseconds.
    public var cpu: Int64 = 0
    /// Open descriptors.
    public var descriptors: Int64 = 0
    /// Those of them that are sockets.
    public var sockets: Int64 = 0
    /// Request threads.
    public var threads: Int64 = 0
    /// The requests that run on them.
    public var running: [ThreadFacts] = []

    /// The fields, in the order in which they are written.
    public static let fields: [SpecField<WorkerFacts>] = [
        .field("process", \.process),
        .field("generation", \.generation),
        .field("state", \.state),
        .field("started", \.started),
        .field("reason", \.reason),
        .field("cause", \.cause),
        .field("requests", \.requests),
        .field("memory", \.memory),
        .field("cpu", \.cpu),
        .field("descriptors", \.descriptors),
        .field("sockets", \.sockets),
        .field("threads", \.threads),
        .field("running", \.running),
    ]

    /// A process about which nothing is known.
    public init() {}
}

/// A request that runs on a thread.
public struct ThreadFacts: Spec {
    /// The thread, counted from 0.
    public var thread: Int64 = 0
    /// httpd's log id of the request.
    public var id = ""
    /// The address of its client. Empty if it is not shown.
    public var client = ""
    /// Method and path.
    public var line = ""
    /// How long it has been running, in microseconds.
    public var duration: Int64 = 0
    /// Whether its client has been answered without it.
    public var isCut = false

    /// The fields, in the order in which they are written.
    public static let fields: [SpecField<ThreadFacts>] = [
        .field("thread", \.thread),
        .field("id", \.id),
        .field("client", \.client),
        .field("line", \.line),
        .field("duration", \.duration),
        .field("isCut", \.isCut),
    ]

    /// No request.
    public init() {}
}

/// The Python stack of a thread that was running a request.
public struct StackFacts: Spec {
    /// The id of the request.
    public var id = ""
    /// When the stack arrived, in microseconds since 1970.
    public var time: Int64 = 0
    /// The stack; empty: the request had ended.
    public var text = ""

    /// The fields, in the order in which they are written.
    public static let fields: [SpecField<StackFacts>] = [
        .field("id", \.id),
        .field("time", \.time),
        .field("text", \.text),
    ]

    /// No stack.
    public init() {}
}
