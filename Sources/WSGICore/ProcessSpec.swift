/// The engine's configuration for the process that it runs in, a daemon process or an httpd child.
///
/// A worker receives it from the supervisor when it starts. The engine of an httpd child receives it from the module.
public struct ProcessSpec: Spec {
    /// The version of this module, as `mod_wsgi.version`.
    public var moduleVersion: [Int] = [0, 0, 0]
    /// The version of httpd, as `apache.version`.
    public var httpdVersion: [Int] = [0, 0, 0]
    /// `apache.description`, the server's banner.
    public var httpdDescription = ""
    /// `apache.build_date`.
    public var httpdBuildDate = ""
    /// `apache.mpm_name`.
    public var mpmName = ""
    /// Maximum number of httpd children, as `apache.maximum_processes`.
    public var httpdChildren = 1
    /// Threads in each httpd child, as `apache.threads_per_process`.
    public var httpdThreadsPerChild = 1

    /// The process group; "" in embedded mode.
    public var processGroup = ""
    /// `wsgi.multithread`.
    public var isMultithreaded = false
    /// `wsgi.multiprocess`.
    public var isMultiprocess = false
    /// `wsgi.run_once`.
    public var isRunOnce = false
    /// `mod_wsgi.maximum_processes`.
    public var maximumProcesses = 1
    /// `mod_wsgi.threads_per_process`.
    public var threadsPerProcess = 1

    /// Settings of all interpreters that are not in `interpreters`.
    public var interpreter = InterpreterSpec()
    /// Interpreters with their own settings.
    public var interpreters: [NamedInterpreterSpec] = []
    /// `sys.setswitchinterval`, called once when the process starts, in seconds; 0: Python's default.
    public var switchInterval = 0.0
    /// Whether interpreters are finalized when the process ends, so that `atexit` functions run.
    public var destroysInterpreters = true
    /// Whether `sys.stdin` and `sys.stdout` stay unchanged for a debugger (`httpd -X`).
    public var keepsTerminal = false
    /// The directory for `sys.path[0]`; empty: none.
    public var home = ""
    /// Embedded mode: how Python is started. A daemon process has its command line instead.
    public var python = PythonSpec()
    /// Embedded mode: the Python executable whose environment is used (`<venv>/bin/python`).
    public var pythonExecutable = ""
    /// Scripts to import before the first request.
    public var preloads: [ScriptSpec] = []
    /// Whether a preload that fails to import ends the start, because a predecessor still serves. Otherwise it is
    /// logged.
    public var preloadsMustSucceed = false
    /// Preloads that may fail even then, because the predecessor serves without them.
    public var toleratedPreloads: [ScriptSpec] = []
    /// `PATH_INFO` and optional query of the request that each application answers before the process accepts others;
    /// empty: none.
    public var warmup = ""
    /// `HTTP_HOST` of that request.
    public var warmupHost = ""

    /// Settings of a daemon process; `nil` in an httpd child.
    public var worker: WorkerSpec?

    /// The fields, in the order in which they are sent.
    public static let fields: [SpecField<ProcessSpec>] = [
        .field("moduleVersion", \.moduleVersion),
        .field("httpdVersion", \.httpdVersion),
        .field("httpdDescription", \.httpdDescription),
        .field("httpdBuildDate", \.httpdBuildDate),
        .field("mpmName", \.mpmName),
        .field("httpdChildren", \.httpdChildren),
        .field("httpdThreadsPerChild", \.httpdThreadsPerChild),
        .field("processGroup", \.processGroup),
        .field("isMultithreaded", \.isMultithreaded),
        .field("isMultiprocess", \.isMultiprocess),
        .field("isRunOnce", \.isRunOnce),
        .field("maximumProcesses", \.maximumProcesses),
        .field("threadsPerProcess", \.threadsPerProcess),
        .field("interpreter", \.interpreter),
        .field("interpreters", \.interpreters),
        .field("switchInterval", \.switchInterval),
        .field("destroysInterpreters", \.destroysInterpreters),
        .field("keepsTerminal", \.keepsTerminal),
        .field("home", \.home),
        .field("python", \.python),
        .field("pythonExecutable", \.pythonExecutable),
        .field("preloads", \.preloads),
        .field("preloadsMustSucceed", \.preloadsMustSucceed),
        .field("toleratedPreloads", \.toleratedPreloads),
        .field("warmup", \.warmup),
        .field("warmupHost", \.warmupHost),
        .field("worker", \.worker),
    ]

    /// A spec with every value at its default.
    public init() {}

    /// Allows the scripts of the process to handle signals, regardless of the settings of its interpreters.
    public mutating func allowSignals() {
        interpreter.restrictsSignal = false
        for index in interpreters.indices { interpreters[index].interpreter.restrictsSignal = false }
    }

    /// The settings of the interpreter of this application group.
    public func interpreter(of applicationGroup: String) -> InterpreterSpec {
        interpreters.first { $0.applicationGroup == applicationGroup }?.interpreter ?? interpreter
    }
}

/// Settings of a daemon process in addition to `ProcessSpec`. Times are in seconds.
public struct WorkerSpec: Spec {
    /// Index of the slot in the scoreboard.
    public var slot: UInt32 = 0
    /// The worker's generation.
    public var generation: UInt32 = 1
    /// Request threads.
    public var threads = 15
    /// Stack size of a request thread in bytes; 0: the system's default.
    public var stackSize = 0
    /// Requests after which the worker asks to be replaced; 0: never.
    public var maximumRequests = 0
    /// Maximum random addition to `maximumRequests`, so that workers are not all replaced at once.
    public var maximumRequestsJitter = 0
    /// How long running requests may continue when the worker is replaced.
    public var gracefulTimeout = 15
    /// How long requests and interpreters may take to end when the worker must end.
    public var shutdownTimeout = 5
    /// `gracefulTimeout` for a replacement that SIGUSR1 requested; 0: `gracefulTimeout`.
    public var evictionTimeout = 0
    /// Limits that the worker's monitor enforces, in milliseconds.
    public var limits = WorkerDeadlines.Limits()
    /// How long one read or write on a connection may take; 0: no limit.
    public var socketTimeout = 60
    /// SO_SNDBUF of its connections in bytes; 0: the system's default.
    public var sendBufferSize = 0
    /// SO_RCVBUF of its connections in bytes; 0: the system's default.
    public var receiveBufferSize = 0
    /// The CPU time that the worker may use, for its log message; 0: no limit.
    public var cpuTimeLimit = 0
    /// The least important level that the worker logs, as httpd's number.
    public var logLevel = 4
    /// The user id of httpd's children. Besides root, only its processes may connect.
    public var peerUserID: UInt32 = 0
    /// The secret that they send first.
    public var secret = ConnectionSecret()
    /// Whether processes of the same user may trace the worker and read its memory and environment.
    public var isDumpable = true
    /// Text written over the process's arguments; empty: unchanged.
    public var displayName = ""
    /// The name for `setlocale(LC_ALL)`; empty: unchanged.
    public var locale = ""

    /// The fields, in the order in which they are sent.
    public static let fields: [SpecField<WorkerSpec>] = [
        .field("slot", \.slot),
        .field("generation", \.generation),
        .field("threads", \.threads),
        .field("stackSize", \.stackSize),
        .field("maximumRequests", \.maximumRequests),
        .field("maximumRequestsJitter", \.maximumRequestsJitter),
        .field("gracefulTimeout", \.gracefulTimeout),
        .field("shutdownTimeout", \.shutdownTimeout),
        .field("evictionTimeout", \.evictionTimeout),
        .field("limits", \.limits),
        .field("socketTimeout", \.socketTimeout),
        .field("sendBufferSize", \.sendBufferSize),
        .field("receiveBufferSize", \.receiveBufferSize),
        .field("cpuTimeLimit", \.cpuTimeLimit),
        .field("logLevel", \.logLevel),
        .field("peerUserID", \.peerUserID),
        .field("secret", \.secret),
        .field("isDumpable", \.isDumpable),
        .field("displayName", \.displayName),
        .field("locale", \.locale),
    ]

    /// A spec with every value at its default.
    public init() {}
}
