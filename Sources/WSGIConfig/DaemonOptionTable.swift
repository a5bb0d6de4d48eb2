/// All options of `WSGIDaemonProcess`; an option is added by a property of `DaemonOptions` and a row here.
public enum DaemonOptionTable {
    /// Every option, in the order of the manual.
    public static let all: [DaemonOption] = (capacity + accounts + python + lifetime + timeouts + transport + limits)
        .enumerated().map { $1.assigned(bit: 1 << UInt64($0)) }

    /// The option of this name, which is case-sensitive.
    public static func option(named name: String) -> DaemonOption? {
        indices[name].map { all[$0] }
    }

    private static let indices = Dictionary(
        all.enumerated().map { ($1.name.description, $0) }, uniquingKeysWith: { first, _ in first })

    /// The largest number of processes that all groups together may have: as many as the scoreboard has slots.
    public static let maximumProcesses = 4096
    /// The largest number of groups: as many as the scoreboard has.
    public static let maximumGroups = 1024

    /// The longest time that can be given: 68 years, which no clock arithmetic overflows.
    private static let seconds: ValueKind<Int> = .seconds(0...Int(Int32.max))
    /// The largest value of a C `int`.
    private static let number = 0...Int(Int32.max)

    private static let capacity: [DaemonOption] = [
        .init("processes", \.processes, .count(1...maximumProcesses), help: "Number of processes of the group."),
        .init(
            "threads", \.threads, .count(0...65533),
            help: "Number of threads that serve requests in each process; with 0 a process only runs its scripts."),
        .init(
            "display-name", \.displayName, .text("a text, or %{GROUP}", usage: "text|%{GROUP}"),
            help: "Name of the processes in process lists; %{GROUP} stands for (wsgi:name)."
        ).ignoredIfEmpty,
    ]

    private static let accounts: [DaemonOption] = [
        .init(
            "user", \.user, .account("user", allowsZero: false),
            help: "User that the processes run as, if httpd is started as root."),
        .init(
            "group", \.group, .account("group", allowsZero: true),
            help: "Primary group of the processes, if httpd is started as root."),
        .init(
            "supplementary-groups", \.supplementaryGroups, .accounts,
            help: "Supplementary groups of the processes, instead of those of their user."
        ).ignoredIfEmpty,
        .init("umask", \.umask, .umask, help: "File mode creation mask of the processes, in octal digits."),
        .init(
            "chroot", \.chroot, .absolutePath,
            help: "Directory that becomes the root of the processes; it must hold a Python. Needs root."),
        .init(
            "home", \.home, .absolutePath,
            help: "Working directory of the processes, and first directory of the module search path."),
        .init(
            "no-new-privileges", \.noNewPrivileges, .flag,
            help: "On or Off: keep programs that the processes run, such as sudo and sendmail, from gaining rights."),
        .init(
            "dumpable", \.dumpable, .flag,
            help:
                "On or Off: let other processes of the same user inspect memory, environment and core of the processes."
        ),
        .init(
            "socket-user", \.socketUser, .account("user", allowsZero: true),
            help: "Owner of the group's sockets, if httpd is started as root."),
        .init(
            "script-user", \.scriptUser, .account("user", allowsZero: true),
            help: "Required owner of scripts and their directories, which others must not be able to write to."),
        .init(
            "script-group", \.scriptGroup, .account("group", allowsZero: true),
            help: "Required group of scripts and their directories, which others must not be able to write to."),
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
            help: "Directories, separated by ':', that are searched for modules first."
        ).ignoredIfEmpty,
        .init("python-eggs", \.pythonEggs, .absolutePath, help: "Directory for PYTHON_EGG_CACHE.").ignoredIfEmpty,
        .init(
            "env", each: \.environment, .variable, isSecret: true,
            help: "Environment variable of the processes; may be repeated."),
        .init(
            "env-file", each: \.environmentFiles, .environmentFile,
            help:
                "File of environment variables, as for systemd's EnvironmentFile=; read as root if only root can replace it; may be repeated."
        ),
        .init("lang", \.lang, .text("a value for LANG"), help: "Value of LANG in the processes.").ignoredIfEmpty,
        .init(
            "locale", \.locale, .text("the name of a locale"),
            help: "Locale of the processes, and value of LC_ALL."
        ).ignoredIfEmpty,
        .init(
            "switch-interval", \.switchInterval, .duration(),
            help: "Seconds that a thread runs before it yields to another one, as for sys.setswitchinterval."),
        .init(
            "stack-size", \.stackSize, .bytes(1...Int.max), help: "Size of the stack of each request thread in bytes."),
    ]

    private static let lifetime: [DaemonOption] = [
        .init(
            "maximum-requests", \.maximumRequests, .count(number),
            help: "Number of requests after which a process is replaced; 0 disables the limit."),
        .init(
            "maximum-requests-jitter", \.maximumRequestsJitter, .count(number),
            help: "Upper bound of a random number that is added to maximum-requests in each process."),
        .init(
            "maximum-memory", \.maximumMemory, .bytes(1 << 20...Int.max, allowsZero: true),
            help: "Resident memory in bytes above which a process is replaced; 0 disables the limit."),
        .init(
            "restart-interval", \.restartInterval, seconds,
            help: "Time after which a process is replaced; 0 disables the limit."),
        .init(
            "inactivity-timeout", \.inactivityTimeout, seconds,
            help: "Time without requests after which a process is replaced; 0 disables the limit."),
        .init(
            "startup-timeout", \.startupTimeout, seconds,
            help: "Time from the first attempt to load a script to the first success; 0 disables the limit."),
        .init(
            "warmup", \.warmup, .warmupPath,
            help: "Path that is requested once from each imported application before a new process accepts requests."),
        .init(
            "replacement", \.replacement, .replacementOrder,
            help: "Let a process serve until its successor is ready (successor-first), or end before (stop-first)."),
        .init(
            "graceful-timeout", \.gracefulTimeout, seconds,
            help: "Time for requests under way to end when a process is replaced."),
        .init(
            "eviction-timeout", \.evictionTimeout, seconds,
            help: "The same when a process is replaced because of SIGUSR1; 0 is the value of graceful-timeout."),
        .init(
            "shutdown-timeout", \.shutdownTimeout, seconds,
            help: "Time for a process to end when httpd stops or restarts."),
    ]

    private static let timeouts: [DaemonOption] = [
        .init(
            "request-timeout", \.requestTimeout, seconds,
            help: "Time that a request may take, scaled by the number of threads; 0 disables the limit."),
        .init(
            "request-timeout-rule", \.requestTimeoutRule, .requestTimeoutRule,
            help: "Scale request-timeout by the number of threads (scaled), or use it unchanged (exact)."),
        .init(
            "interrupt-timeout", \.interruptTimeout, seconds,
            help: "Time that a late request has to end after RequestTimeout was raised in it; 0 disables the exception."
        ),
        .init(
            "deadlock-timeout", \.deadlockTimeout, seconds,
            help: "Time that the GIL may be held without interruption; 0 disables the limit."),
        .init(
            "queue-timeout", \.queueTimeout, seconds,
            help: "Time that a request may wait for a thread; 0 disables the limit."),
        .init(
            "connect-timeout", \.connectTimeout, seconds,
            help: "Time that a request waits for a process to become reachable."),
        .init(
            "socket-timeout", \.socketTimeout, seconds,
            help: "Time that one read or write between httpd and a process may take; 0 is the value of httpd's Timeout."
        ),
        .init(
            "response-socket-timeout", \.responseSocketTimeout, seconds,
            help: "Time that one write of a response to the client may take; 0 is the value of socket-timeout."),
    ]

    private static let transport: [DaemonOption] = [
        .init(
            "listen-backlog", \.listenBacklog, .count(number),
            help: "Number of connections to a process that may wait to be accepted."),
        .init(
            "send-buffer-size", \.sendBufferSize, .bytes(512...Int(Int32.max), allowsZero: true),
            help: "Send buffer of the group's sockets in bytes; 0 is the system's default."),
        .init(
            "receive-buffer-size", \.receiveBufferSize, .bytes(512...Int(Int32.max), allowsZero: true),
            help: "Receive buffer of the group's sockets in bytes; 0 is the system's default."),
        .init(
            "header-buffer-size", \.headerBufferSize, .bytes(8192...Int(Int32.max), allowsZero: true),
            help: "Largest size of one header of a response in bytes; 0 is 32768."),
        .init(
            "response-buffer-size", \.responseBufferSize, .bytes(65536...Int(Int32.max), allowsZero: true),
            help:
                "Bytes of a response that may wait in httpd for a slow client while its process continues; 0 is 8388608."
        ),
        .init(
            "response-flush-delay", \.responseFlushDelay, .milliseconds(number),
            help: "Accepted for compatibility; a process itself decides which blocks of a response are sent at once."),
    ]

    private static let limits: [DaemonOption] = [
        .init(
            "cpu-time-limit", \.cpuTimeLimit, seconds,
            help: "CPU time after which a process is replaced; 0 disables the limit."),
        .init("cpu-priority", \.cpuPriority, .nice, help: "Priority of the processes, as for nice(1)."),
        .init(
            "memory-limit", \.memoryLimit, .bytes(1...Int.max, allowsZero: true),
            help: "Memory for data that a process may have in bytes (RLIMIT_DATA); 0 disables the limit."),
        .init(
            "virtual-memory-limit", \.virtualMemoryLimit, .bytes(1...Int.max, allowsZero: true),
            help: "Address space that a process may have in bytes (RLIMIT_AS); 0 disables the limit."),
        .init(
            "server-metrics", \.serverMetrics, .flag,
            help: "On or Off: let applications of the group call mod_wsgi.server_metrics."
        ).pending,
    ]
}

extension ValueKind where Value == String? {
    /// A path below an application, optionally with a query.
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
