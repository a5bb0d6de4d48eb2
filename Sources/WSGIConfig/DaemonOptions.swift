/// The options of a `WSGIDaemonProcess`, each with its default in place.
///
/// Times are whole seconds. The rows that fill it are in `DaemonOptionTable`.
public struct DaemonOptions: Equatable, Sendable {
    /// Processes of the group.
    public var processes = 1
    /// Request threads of each process; 0: a process that only runs its scripts.
    public var threads = 15

    /// The user the processes run as; `nil`: as httpd's `User` says.
    public var user: Account?
    /// Their primary group; `nil`: as httpd's `Group` says.
    public var group: Account?
    /// The working directory, which is also the first entry of `sys.path`.
    public var home: String?
    /// Their further groups; `nil`: those of the user.
    public var supplementaryGroups: [Account]?
    /// The directory that becomes their root; `nil`: the machine's.
    public var chroot: String?
    /// Whether programs that they run get no rights that they have not (set-user-ID, file capabilities).
    public var noNewPrivileges = false
    /// Whether other processes of their user may look into them.
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
    /// What the process list shows; `%{GROUP}` is `(wsgi:name)`.
    public var displayName: String?

    /// The Python executable; it excludes `pythonHome`.
    public var python: String?
    /// The Python installation or virtual environment; `nil`: as `WSGIPythonHome` says.
    public var pythonHome: String?
    /// Directories for `site.addsitedir`.
    public var pythonPath: [String] = []

    /// `PYTHON_EGG_CACHE`.
    public var pythonEggs: String?
    /// Variables of their environment, in order.
    public var environment: [EnvironmentVariable] = []
    /// Files of variables, in order; they count less than `environment`. With `-` before it one may be missing.
    public var environmentFiles: [String] = []
    /// `sys.setswitchinterval` in seconds; `nil`: as `WSGISwitchInterval` says.
    public var switchInterval: Double?
    /// Stack of each request thread in bytes; 0: the system's default.
    public var stackSize = 0
    /// Requests after which a process is replaced; 0: never.
    public var maximumRequests = 0
    /// The most that is added to `maximumRequests` in each process by chance.
    public var maximumRequestsJitter = 0
    /// What becomes of a process while its successor starts.
    public var replacement = ReplacementOrder.successorFirst
    /// Bytes of resident memory with which a process is replaced; 0: any.
    public var maximumMemory = 0
    /// The path, and perhaps query, that each application answers before its process takes requests; `nil`: none.
    public var warmup: String?
    /// How long requests under way may go on when a process is replaced.
    public var gracefulTimeout = 15
    /// How long requests and interpreters have when a process is told to end.
    public var shutdownTimeout = 5
    /// Time after which a process is replaced; 0: never.
    public var restartInterval = 0
    /// Time without requests after which a process is replaced; 0: never.
    public var inactivityTimeout = 0
    /// Time from the first attempt to load a script to the first success; 0: any.
    public var startupTimeout = 0
    /// As `gracefulTimeout`, for SIGUSR1; 0: the same.
    public var evictionTimeout = 0
    /// How long a request may take, before it is scaled by the number of threads; 0: any.
    public var requestTimeout = 0
    /// How `requestTimeout` is to be understood.
    public var requestTimeoutRule = RequestTimeoutRule.scaled
    /// How long a late request has after the exception was raised in it; 0: none is raised.
    public var interruptTimeout = 0
    /// How long Python's lock may be held without a pause; 0: any.
    public var deadlockTimeout = 300
    /// How long a request may wait for a thread; 0: any.
    public var queueTimeout = 0
    /// How long a request waits for a process that can be connected to; 0: it does not wait.
    public var connectTimeout = 15
    /// How long one read or write on a connection to a process may take; 0: as httpd's `Timeout` says.
    public var socketTimeout = 0
    /// How long one write of a response to the client may take; 0: as `socketTimeout` says.
    public var responseSocketTimeout = 0
    /// Send buffer of the sockets in bytes; 0: the system's.
    public var sendBufferSize = 0
    /// Receive buffer of the sockets in bytes; 0: the system's.
    public var receiveBufferSize = 0
    /// Largest size of one header of a response in bytes; 0: 32768.
    public var headerBufferSize = 0
    /// Bytes of a response after which it is flushed; 0: 8388608.
    public var responseBufferSize = 0
    /// Milliseconds to wait for more of a response before it is flushed.
    public var responseFlushDelay = 5
    /// CPU seconds after which a process is replaced; 0: any.
    public var cpuTimeLimit = 0
    /// The priority, -20 to 19.
    public var cpuPriority = 0
    /// `RLIMIT_DATA` in bytes; 0: none.
    public var memoryLimit = 0
    /// `RLIMIT_AS` in bytes; 0: none.
    public var virtualMemoryLimit = 0
    /// Whether `mod_wsgi.server_metrics()` answers.
    public var serverMetrics = false
    /// Connections that may wait to be accepted.
    public var listenBacklog = 100

    /// One bit for each row of `DaemonOptionTable.all` that was written.
    public internal(set) var written: UInt64 = 0

    /// Options with nothing written.
    public init() {}

    /// `wsgi.multiprocess`: the number of processes was written, even if it is 1.
    public var isMultiprocess: Bool { processes > 1 || isWritten("processes") }

    /// The directory that becomes the processes' root, without a slash at its end; empty: none.
    public var root: String {
        var root = chroot ?? ""
        while root.hasSuffix("/") { root.removeLast() }
        return root
    }

    /// Whether the option of this name was written.
    public func isWritten(_ name: String) -> Bool {
        DaemonOptionTable.option(named: name)?.isWritten(in: self) ?? false
    }

    /// The options that were written, as they could stand in the configuration.
    public var text: String {
        DaemonOptionTable.all.filter { $0.isWritten(in: self) }
            .flatMap { option in option.print(self).map { "\(option.name)=\(Words.quoted($0))" } }
            .joined(separator: " ")
    }
}
