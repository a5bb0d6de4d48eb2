/// A process group as the supervisor runs it, with all names resolved.
///
/// The httpd parent creates it from a `WSGIDaemonProcess` line and sends it over the control socket.
public struct GroupSpec: Spec {
    /// The group's name.
    public var name = ""
    /// Index of the group in the scoreboard.
    public var index: UInt32 = 0
    /// Where the group was defined, as `file:line`, for messages.
    public var origin = ""

    /// The Python executable that every worker runs.
    public var python = ""
    /// Options of the Python command line, before `-c` (`-X utf8`, `-B`, ...).
    public var pythonArguments: [String] = []

    /// Whether workers change their user and groups, because httpd was started as root.
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
    /// The working directory; empty: that of httpd.
    public var workingDirectory = ""
    /// Whether programs that the workers run cannot gain privileges (no_new_privs).
    public var hasNoNewPrivileges = false
    /// The file creation mask; `nil`: inherited.
    public var umask: UInt32?
    /// `LANG` for the workers; empty: inherited.
    public var lang = ""
    /// `LC_ALL` for the workers; empty: inherited.
    public var locale = ""

    /// Variables for the workers' environment. They override all of the above, and later ones take precedence.
    public var environment: [EnvironmentChange] = []
    /// The workers' root directory; empty: no chroot. Every other path of a worker is relative to it.
    public var root = ""
    /// Limits that the kernel enforces on the workers.
    public var limits = LimitSpec()

    /// Seconds after which a worker is replaced; 0: never.
    public var restartInterval = 0
    /// Whether a worker ends before its successor is started.
    public var stopsFirst = false
    /// Why the present definition cannot be run; this spec is then the previous one. Empty: it can be run.
    public var problem = ""

    /// The spec that each worker receives. `worker` is set; its slot and generation are filled in for each start.
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

    /// The user, groups and root of the workers.
    public var rights: ProcessRights {
        guard changesUser else { return ProcessRights(user: nil, groups: [], root: root) }
        return ProcessRights(user: userID, groups: [groupID] + supplementaryGroups.sorted(), root: root)
    }

    /// Whether the workers of both groups have the same user, groups and root.
    public func hasSameRights(as other: GroupSpec) -> Bool { rights == other.rights }
}

/// The user, groups and root of a process.
public struct ProcessRights: Equatable, Sendable {
    /// The user; `nil`: the user of httpd's parent, which cannot change it.
    let user: UInt32?
    /// The primary group, then the supplementary groups in numeric order.
    let groups: [UInt32]
    /// The root directory; empty: that of the machine.
    let root: String
}

/// Limits that the kernel enforces on a process; 0: inherited.
public struct LimitSpec: Spec {
    /// The nice value.
    public var priority = 0
    /// Seconds of CPU time after which the process receives SIGXCPU.
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

/// The slot of one worker of a group.
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

/// The complete configuration of the supervisor, sent at every start and graceful restart of httpd.
public struct SupervisorSpec: Spec {
    /// Number of this configuration among those that one httpd parent has sent, from 1.
    public var configuration: UInt32 = 0
    /// The path of the engine, `_wsgi_engine.abi3.so`.
    public var engine = ""
    /// `LogLevel` of httpd's main server for this module, as its number (4: warn). Lifecycle lines need at least 6.
    public var logLevel = 4
    /// Index of the main error log among the descriptors that came with the configuration; -1: the log that the
    /// supervisor was started with.
    public var logDescriptor = -1
    /// Maximum number of workers that start at a time, over all groups; 0: the number of processors.
    public var startLimit = 0
    /// Scripts that were named by an alias of the previous configuration, but not by any alias of this one.
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
