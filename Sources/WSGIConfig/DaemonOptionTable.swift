/// All options of `WSGIDaemonProcess`; an option is added by a property of `DaemonOptions` and a row here.
public enum DaemonOptionTable {
    /// Every option, in the order of the manual.
    public static let all: [DaemonOption] = (capacity + accounts + python + lifetime + timeouts + transport + limits)
        .enumerated().map { $1.assigned(bit: 1 << UInt64($0)) }

    /// The option of this name; case counts.
    public static func option(named name: String) -> DaemonOption? {
        places[name].map { all[$0] }
    }

    private static let places = Dictionary(
        all.enumerated().map { ($1.name.description, $0) }, uniquingKeysWith: { first, _ in first })

    /// The largest number of processes that all groups together may have: as many as the scoreboard has slots.
    public static let maximumProcesses = 4096
    /// The largest number of groups: as many as the scoreboard has.
    public static let maximumGroups = 1024

    /// The longest time that can be given: 68 years, which any clock arithmetic can bear.
    private static let seconds: ValueKind<Int> = .seconds(0...Int(Int32.max))
    /// The largest number that an `int` of the system holds.
    private static let number = 0...Int(Int32.max)

    private static let capacity: [DaemonOption] = [
        .init("processes", \.processes, .count(1...maximumProcesses), help: "Number of processes of the group."),
        .init(
            "threads", \.threads, .count(0...65533),
            help: "Number of threads that serve requests in each process; with 0 it only runs its scripts."),
        .init(
            "display-name", \.displayName, .text("a text, or %{GROUP}", usage: "text|%{GROUP}"),
            help: "Name of the processes in process lists; %{GROUP} stands for (wsgi:name)."
        ).ignoredIfEmpty,
    ]

    private static let accounts: [DaemonOption] = [
        .init(
            "user", \.user, .account("user", allowsZero: false),
            help: "User the processes run as, when httpd is started by root."),
        .init(
            "group", \.group, .account("group", allowsZero: true),
            help: "Primary group of the processes, when httpd is started by root."),
        .init(
            "supplementary-groups", \.supplementaryGroups, .accounts,
            help: "Further groups of the processes, instead of those of their user."
        ).ignoredIfEmpty,
        .init("umask", \.umask, .umask, help: "File creation mask of the processes, in octal digits."),
        .init(
            "chroot", \.chroot, .absolutePath,
            help: "Directory that becomes the root of the processes; it must hold a Python. Needs root."),
        .init(
            "home", \.home, .absolutePath,
            help: "Working directory of the processes, and first place to look for modules."),
        .init(
            "no-new-privileges", \.noNewPrivileges, .flag,
            help: "On: programs that the processes run cannot gain further rights, as sudo and sendmail otherwise do."),
        .init(
            "dumpable", \.dumpable, .flag,
            help:
                "On or Off: whether other processes of the user may look into the processes: memory, environment, core."
        ),
        .init(
            "socket-user", \.socketUser, .account("user", allowsZero: true),
            help: "Owner of the group's sockets, when httpd is started by root."),
        .init(
            "script-user", \.scriptUser, .account("user", allowsZero: true),
            help: "Owner that scripts and their directories must have; others must not be able to write to them."),
        .init(
            "script-group", \.scriptGroup, .account("group", allowsZero: true),
            help: "Group that scripts and their directories must have; others must not be able to write to them."),
    ]

    private static let python: [DaemonOption] = [
        .init(
            "python", \.python, .absolutePath,
            help: "Python executable that runs the processes, instead of python-home."),
        .init(
            "python-home", \.pythonHome, .pythonHome,
            help: "Python installation or virtual environment of the processes."
        ).ignoredIfEmpty,
        .init(
            "python-path", \.pythonPath, .searchPath,
            help: "Directories, separated by ':', in which to look for modules first."
        ).ignoredIfEmpty,
        .init("python-eggs", \.pythonEggs, .absolutePath, help: "Directory for PYTHON_EGG_CACHE.").ignoredIfEmpty,
        .init(
            "env", each: \.environment, .variable, isSecret: true,
            help: "A variable for the environment of the processes; may be given several times."),
        .init(
            "env-file", each: \.environmentFiles, .environmentFile,
            help:
                "A file of variables as of systemd's EnvironmentFile=, read as root only where nobody but root can replace it; may be repeated."
        ),
        .init("lang", \.lang, .text("a value for LANG"), help: "Value of LANG in the processes.").ignoredIfEmpty,
        .init(
            "locale", \.locale, .text("the name of a locale"),
            help: "Locale of the processes, also their value of LC_ALL."
        ).ignoredIfEmpty,
        .init(
            "switch-interval", \.switchInterval, .duration(),
            help: "Seconds that a thread runs before another one may, as of sys.setswitchinterval."),
        .init(
            "stack-size", \.stackSize, .bytes(1...Int.max), help: "Size of the stack of each request thread in bytes."),
    ]

    private static let lifetime: [DaemonOption] = [
        .init(
            "maximum-requests", \.maximumRequests, .count(number),
            help: "Number of requests after which a process is replaced; 0 means never."),
        .init(
            "maximum-requests-jitter", \.maximumRequestsJitter, .count(number),
            help: "The most that chance adds to maximum-requests in each process; 0 means nothing."),
        .init(
            "maximum-memory", \.maximumMemory, .bytes(1 << 20...Int.max, allowsZero: true),
            help: "Resident memory in bytes with which a process is replaced; 0 means any."),
        .init(
            "restart-interval", \.restartInterval, seconds,
            help: "Time after which a process is replaced; 0 means never."),
        .init(
            "inactivity-timeout", \.inactivityTimeout, seconds,
            help: "Time without requests after which a process is replaced; 0 means never."),
        .init(
            "startup-timeout", \.startupTimeout, seconds,
            help: "Time from the first attempt to load a script to the first success; 0 means any."),
        .init(
            "warmup", \.warmup, .warmupPath,
            help: "Path that each imported application is asked for before a new process takes requests."),
        .init(
            "replacement", \.replacement, .replacementOrder,
            help: "Whether a process serves until its successor is ready, or ends before it is started (stop-first)."),
        .init(
            "graceful-timeout", \.gracefulTimeout, seconds,
            help: "Time for requests under way to end when a process is replaced."),
        .init(
            "eviction-timeout", \.evictionTimeout, seconds,
            help: "The same when a process is replaced because of SIGUSR1; 0 means graceful-timeout."),
        .init(
            "shutdown-timeout", \.shutdownTimeout, seconds,
            help: "Time for a process to end when it is told to."),
    ]

    private static let timeouts: [DaemonOption] = [
        .init(
            "request-timeout", \.requestTimeout, seconds,
            help: "Time that a request may take, scaled by the number of threads; 0 means any."),
        .init(
            "request-timeout-rule", \.requestTimeoutRule, .requestTimeoutRule,
            help: "Whether request-timeout is scaled by the number of threads (scaled), or holds as it is (exact)."),
        .init(
            "interrupt-timeout", \.interruptTimeout, seconds,
            help: "Time that a late request has to end after RequestTimeout was raised in it; 0 means it is not raised."
        ),
        .init(
            "deadlock-timeout", \.deadlockTimeout, seconds,
            help: "Time that Python's lock may be held without a pause; 0 means any."),
        .init(
            "queue-timeout", \.queueTimeout, seconds,
            help: "Time that a request may wait for a thread; 0 means any."),
        .init(
            "connect-timeout", \.connectTimeout, seconds,
            help: "Time that a request waits for a process to become reachable."),
        .init(
            "socket-timeout", \.socketTimeout, seconds,
            help: "Time that one read or write between httpd and a process may take; 0 means httpd's Timeout."),
        .init(
            "response-socket-timeout", \.responseSocketTimeout, seconds,
            help: "Time that one write of a response to the client may take; 0 means socket-timeout."),
    ]

    private static let transport: [DaemonOption] = [
        .init(
            "listen-backlog", \.listenBacklog, .count(number),
            help: "Number of connections to a process that may wait to be accepted."),
        .init(
            "send-buffer-size", \.sendBufferSize, .bytes(512...Int(Int32.max), allowsZero: true),
            help: "Send buffer of the group's sockets in bytes; 0 means the system's."),
        .init(
            "receive-buffer-size", \.receiveBufferSize, .bytes(512...Int(Int32.max), allowsZero: true),
            help: "Receive buffer of the group's sockets in bytes; 0 means the system's."),
        .init(
            "header-buffer-size", \.headerBufferSize, .bytes(8192...Int(Int32.max), allowsZero: true),
            help: "Largest size of one header of a response in bytes; 0 means 32768."),
        .init(
            "response-buffer-size", \.responseBufferSize, .bytes(65536...Int(Int32.max), allowsZero: true),
            help:
                "Bytes of a response that may wait in httpd for a slow client while its process goes on; 0 means 8388608."
        ),
        .init(
            "response-flush-delay", \.responseFlushDelay, .milliseconds(number),
            help: "Accepted for compatibility: a process says itself which blocks of a response have to leave at once."),
    ]

    private static let limits: [DaemonOption] = [
        .init(
            "cpu-time-limit", \.cpuTimeLimit, seconds,
            help: "CPU time after which a process is replaced; 0 means any."),
        .init("cpu-priority", \.cpuPriority, .nice, help: "Priority of the processes, as of nice(1)."),
        .init(
            "memory-limit", \.memoryLimit, .bytes(1...Int.max, allowsZero: true),
            help: "Size of data and heap that a process may have in bytes (RLIMIT_DATA); 0 means any."),
        .init(
            "virtual-memory-limit", \.virtualMemoryLimit, .bytes(1...Int.max, allowsZero: true),
            help: "Address space that a process may have in bytes (RLIMIT_AS); 0 means any."),
        .init(
            "server-metrics", \.serverMetrics, .flag,
            help: "On or Off: let applications of the group call mod_wsgi.server_metrics."
        ).pending,
    ]
}

extension ValueKind where Value == String? {
    /// A path below an application, with a query if need be.
    fileprivate static var warmupPath: Self {
        Self(
            usage: "/path", syntax: "a path that begins with '/', without blanks",
            parse: { word in
                let isPlain = word.utf8.allSatisfy { (0x21...0x7E).contains($0) && $0 != UInt8(ascii: "#") }
                return word.hasPrefix("/") && isPlain ? .some(word) : nil
            },
            print: { $0 ?? "" })
    }
}

extension ValueKind where Value == EnvironmentVariable {
    /// `NAME=VALUE`.
    fileprivate static var variable: Self {
        Self(
            usage: "NAME=VALUE",
            syntax: "NAME=VALUE, with a name of letters, digits and '_' that does not begin with a digit",
            parse: { EnvironmentVariable($0) }, print: { "\($0.name)=\($0.value)" })
    }
}

extension ValueKind where Value == String {
    /// An absolute path; with `-` before it, a file that may be missing.
    fileprivate static var environmentFile: Self {
        Self(
            usage: "[-]path", syntax: "an absolute path, with '-' before it if the file may be missing",
            parse: { $0.hasPrefix("/") || $0.hasPrefix("-/") ? $0 : nil }, print: { $0 })
    }
}
