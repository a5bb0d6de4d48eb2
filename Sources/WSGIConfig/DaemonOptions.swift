/// The options of a `WSGIDaemonProcess`, with their defaults.
///
/// Times are whole seconds. The rows that fill it are in `DaemonOptionTable`.
public struct DaemonOptions: Equatable, Sendable {
    /// Number of processes of the group.
    public var processes = 1
    /// Number of request threads of each process; 0: a process that only runs its scripts.
    public var threads = 15

    /// The user that the processes run as; `nil`: httpd's `User`.
    public var user: Account?
    /// Their primary group; `nil`: httpd's `Group`.
    public var group: Account?
    /// The working directory, which is also the first entry of `sys.path`.
    public var home: String?
    /// Their supplementary groups; `nil`: those of the user.
    public var supplementaryGroups: [Account]?
    /// The directory that becomes their root; `nil`: the system's root.
    public var chroot: String?
    /// Whether programs that they run cannot gain privileges (set-user-ID, file capabilities).
    public var noNewPrivileges = false
    /// Whether other processes of the same user may inspect them.
    public var dumpable = true
    /// The owner of their sockets; `nil`: httpd's `User`.
    public var socketUser: Account?
    /// The owner that scripts must have; `nil`: any.
    public var scriptUser: Account?
    /// The group that scripts must have; `nil`: any.
    public var scriptGroup: Account?
    /// The file creation mask; `nil`: inherited.
    public var umask: UInt32?
    /// `LANG` of the processes.
    public var lang: String?
    /// `LC_ALL` of the processes, and their locale.
    public var locale: String?
    /// The name in process lists; `%{GROUP}` is `(wsgi:name)`.
    public var displayName: String?

    /// The Python executable. Cannot be combined with `pythonHome`.
    public var python: String?
    /// The Python installation or virtual environment; `nil`: that of `WSGIPythonHome`.
    public var pythonHome: String?
    /// Directories for `site.addsitedir`.
    public var pythonPath: [String] = []

    /// `PYTHON_EGG_CACHE`.
    public var pythonEggs: String?
    /// Environment variables, in order.
    public var environment: [EnvironmentVariable] = []
    /// Files of variables, in order. `environment` takes precedence. A file with `-` before its path may be missing.
    public var environmentFiles: [String] = []
    /// `sys.setswitchinterval` in seconds; `nil`: that of `WSGISwitchInterval`.
    public var switchInterval: Double?
    /// Stack size of each request thread in bytes; 0: the system's default.
    public var stackSize = 0
    /// Number of requests after which a process is replaced; 0: never.
    public var maximumRequests = 0
    /// The upper bound of the random number that is added to `maximumRequests` in each process.
    public var maximumRequestsJitter = 0
    /// Whether a process serves until its successor is ready.
    public var replacement = ReplacementOrder.successorFirst
    /// Resident memory in bytes above which a process is replaced; 0: no limit.
    public var maximumMemory = 0
    /// The path and query that is requested from each application before its process accepts requests; `nil`: none.
    public var warmup: String?
    /// Time for requests under way to end when a process is replaced.
    public var gracefulTimeout = 15
    /// Time for requests and interpreters to end when a process is stopped.
    public var shutdownTimeout = 5
    /// Time after which a process is replaced; 0: never.
    public var restartInterval = 0
    /// Time without requests after which a process is replaced; 0: never.
    public var inactivityTimeout = 0
    /// Time from the first attempt to load a script to the first success; 0: no limit.
    public var startupTimeout = 0
    /// As `gracefulTimeout`, for SIGUSR1; 0: the same.
    public var evictionTimeout = 0
    /// Time that a request may take, not yet scaled by the number of threads; 0: no limit.
    public var requestTimeout = 0
    /// Whether `requestTimeout` is scaled by the number of threads.
    public var requestTimeoutRule = RequestTimeoutRule.scaled
    /// Time for a late request to end after the exception was raised in it; 0: none is raised.
    public var interruptTimeout = 0
    /// Time that the GIL may be held without interruption; 0: no limit.
    public var deadlockTimeout = 300
    /// Time that a request may wait for a thread; 0: no limit.
    public var queueTimeout = 0
    /// Time that a request waits for a process to become reachable; 0: it does not wait.
    public var connectTimeout = 15
    /// Time that one read or write on a connection to a process may take; 0: httpd's `Timeout`.
    public var socketTimeout = 0
    /// Time that one write of a response to the client may take; 0: `socketTimeout`.
    public var responseSocketTimeout = 0
    /// Send buffer of the sockets in bytes; 0: the system's default.
    public var sendBufferSize = 0
    /// Receive buffer of the sockets in bytes; 0: the system's default.
    public var receiveBufferSize = 0
    /// Largest size of one header of a response in bytes; 0: 32768.
    public var headerBufferSize = 0
    /// Bytes of a response that may wait in httpd for a slow client while its process continues; 0: 8388608.
    public var responseBufferSize = 0
    /// Accepted for compatibility, without effect.
    public var responseFlushDelay = 5
    /// CPU seconds after which a process is replaced; 0: no limit.
    public var cpuTimeLimit = 0
    /// The priority, -20 to 19.
    public var cpuPriority = 0
    /// `RLIMIT_DATA` in bytes; 0: no limit.
    public var memoryLimit = 0
    /// `RLIMIT_AS` in bytes; 0: no limit.
    public var virtualMemoryLimit = 0
    /// Whether applications may call `mod_wsgi.server_metrics()`.
    public var serverMetrics = false
    /// Number of connections that may wait to be accepted.
    public var listenBacklog = 100

    /// One bit for each row of `DaemonOptionTable.all` that was written.
    public internal(set) var written: UInt64 = 0

    /// Options with their default values.
    public init() {}

    /// The directory that becomes the processes' root, without a slash at its end; empty: none.
    public var root: String {
        var root = chroot ?? ""
        while root.hasSuffix("/") { root.removeLast() }
        return root
    }
}
