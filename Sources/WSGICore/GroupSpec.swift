/// A process group as the supervisor runs it: everything is resolved, nothing is left to be looked up.
///
/// The httpd parent makes it from a `WSGIDaemonProcess` line and sends it over the control socket.
public struct GroupSpec: Spec {
    /// The group's name.
    public var name = ""
    /// Index of the group in the scoreboard.
    public var index: UInt32 = 0
    /// Where the group was defined, as `file:line`, for messages.
    public var origin = ""

    /// The Python executable every worker is an exec of.
    public var python = ""
    /// Options of the Python command line, before `-c` (`-X utf8`, `-B`, ...).
    public var pythonArguments: [String] = []

    /// Whether rights are to be changed: httpd was started as root.
    public var changesUser = false
    /// The user the workers run as.
    public var userID: UInt32 = 0
    /// Their primary group.
    public var groupID: UInt32 = 0
    /// Their supplementary groups.
    public var supplementaryGroups: [UInt32] = []
    /// The user's name, for `HOME`, `USER`, `LOGNAME` and messages.
    public var userName = ""
    /// The user's home directory.
    public var userHome = ""
    /// The working directory; empty: the one of httpd.
    public var workingDirectory = ""
    /// Whether no program that the workers run may give them rights that they have not.
    public var hasNoNewPrivileges = false
    /// The file creation mask; `nil`: inherited.
    public var umask: UInt32?
    /// `LANG` for the workers; empty: inherited.
    public var lang = ""
    /// `LC_ALL` for the workers; empty: inherited.
    public var locale = ""

    /// Variables for the workers' environment, after all of the above: a later one counts more than an earlier one.
    public var environment: [EnvironmentChange] = []
    /// The directory that becomes the workers' root; empty: none. Every other path of a worker is below it.
    public var root = ""
    /// What the system is to hold the workers to.
    public var limits = LimitSpec()

    /// Seconds after which a worker is replaced; 0: never.
    public var restartInterval = 0
    /// Whether a worker ends before its successor is started.
    public var stopsFirst = false
    /// Why the definition as it is now cannot be run; then this is the one before. Empty: it can.
    public var problem = ""

    /// What each worker is told; `worker` is set, its slot and generation are filled in for each start.
    public var process = ProcessSpec()

    /// Index of the log among the descriptors that came with the configuration.
    public var logDescriptor = 0
    /// One entry for each of the group's processes.
    public var slots: [SlotSpec] = []

    /// The fields, in the order in which they are sent.
    public static let fields: [SpecField<GroupSpec>] = [
        .field("name", \.name),
        .field("index", \.index),
        .field("origin", \.origin),
        .field("python", \.python),
        .field("pythonArguments", \.pythonArguments),
        .field("changesUser", \.changesUser),
        .field("userID", \.userID),
        .field("groupID", \.groupID),
        .field("supplementaryGroups", \.supplementaryGroups),
        .field("userName", \.userName),
        .field("userHome", \.userHome),
        .field("workingDirectory", \.workingDirectory),
        .field("hasNoNewPrivileges", \.hasNoNewPrivileges),
        .field("umask", \.umask),
        .field("lang", \.lang),
        .field("locale", \.locale),
        .field("environment", \.environment),
        .field("root", \.root),
        .field("limits", \.limits),
        .field("restartInterval", \.restartInterval),
        .field("stopsFirst", \.stopsFirst),
        .field("problem", \.problem),
        .field("process", \.process),
        .field("logDescriptor", \.logDescriptor),
        .field("slots", \.slots),
    ]

    /// A spec with every value at its default.
    public init() {}

    /// Whom the workers run as, and what they can reach.
    public var rights: ProcessRights {
        guard changesUser else { return ProcessRights(user: nil, groups: [], root: root) }
        return ProcessRights(user: userID, groups: [groupID] + supplementaryGroups.sorted(), root: root)
    }

    /// Whether the workers of both have the same rights and the same root.
    public func hasSameRights(as other: GroupSpec) -> Bool { rights == other.rights }
}

/// Whom a process runs as, and what it can reach.
public struct ProcessRights: Equatable, Sendable {
    /// The user; `nil`: that of httpd's parent, who cannot give it another one.
    let user: UInt32?
    /// The primary group, then the supplementary ones in the order of their numbers.
    let groups: [UInt32]
    /// The directory that is its root; empty: the machine's.
    let root: String
}

/// What the system holds a process to; 0: as inherited.
public struct LimitSpec: Spec {
    /// The nice value.
    public var priority = 0
    /// Seconds of CPU time after which the process is asked to end (SIGXCPU).
    public var cpuTime = 0
    /// Seconds of CPU time after which it is killed.
    public var mostCPUTime = 0
    /// RLIMIT_DATA in bytes.
    public var data = 0
    /// RLIMIT_AS in bytes.
    public var addressSpace = 0

    /// The fields, in the order in which they are sent.
    public static let fields: [SpecField<LimitSpec>] = [
        .field("priority", \.priority),
        .field("cpuTime", \.cpuTime),
        .field("mostCPUTime", \.mostCPUTime),
        .field("data", \.data),
        .field("addressSpace", \.addressSpace),
    ]

    /// A spec with every value at its default.
    public init() {}
}

/// The place of one worker of a group.
public struct SlotSpec: Spec {
    /// Index in the scoreboard, unique over all groups.
    public var index: UInt32 = 0
    /// Index of the listening socket among the descriptors that came with the configuration.
    public var listenerDescriptor = 0

    /// The fields, in the order in which they are sent.
    public static let fields: [SpecField<SlotSpec>] = [
        .field("index", \.index),
        .field("listenerDescriptor", \.listenerDescriptor),
    ]

    /// A spec with every value at its default.
    public init() {}

    /// Describes a slot.
    public init(index: UInt32, listenerDescriptor: Int) {
        self.index = index
        self.listenerDescriptor = listenerDescriptor
    }
}

/// The whole configuration of the supervisor, sent complete at every start and graceful restart of httpd.
public struct SupervisorSpec: Spec {
    /// Counts the configurations that one httpd parent has sent, from 1.
    public var configuration: UInt32 = 0
    /// The path of the engine, `_wsgi_engine.abi3.so`.
    public var engine = ""
    /// `LogLevel` of httpd's main server for this module, as its number (4: warn); lifecycle lines appear from 6 on.
    public var logLevel = 4
    /// Index of the main error log among the descriptors that came with the configuration; -1: the one that the
    /// supervisor was started with.
    public var logDescriptor = -1
    /// How many workers may start at a time, over all groups; 0: as many as there are processors.
    public var startLimit = 0
    /// Scripts that the configuration before named in an alias, and this one does not.
    public var formerScripts: [String] = []
    /// All process groups.
    public var groups: [GroupSpec] = []

    /// The fields, in the order in which they are sent.
    public static let fields: [SpecField<SupervisorSpec>] = [
        .field("configuration", \.configuration),
        .field("engine", \.engine),
        .field("logLevel", \.logLevel),
        .field("logDescriptor", \.logDescriptor),
        .field("startLimit", \.startLimit),
        .field("formerScripts", \.formerScripts),
        .field("groups", \.groups),
    ]

    /// A spec with every value at its default.
    public init() {}
}
