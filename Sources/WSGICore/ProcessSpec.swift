/// What the engine must know of the process it runs in, be it a daemon process or an httpd child.
///
/// A worker receives it from the supervisor when it starts, an httpd child's engine from the module.
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
    /// The MPM's children and threads in a child: `apache.maximum_processes` and `apache.threads_per_process`.
    public var httpdChildren = 1
    /// Threads in each httpd child.
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

    /// How interpreters are set up, but for those in `interpreters`.
    public var interpreter = InterpreterSpec()
    /// Interpreters that are set up in another way.
    public var interpreters: [NamedInterpreterSpec] = []
    /// `sys.setswitchinterval`, once when the process starts, in seconds; 0: as Python has it.
    public var switchInterval = 0.0
    /// Whether interpreters are ended with the process, so that `atexit` functions run.
    public var destroysInterpreters = true
    /// Whether `sys.stdin` and `sys.stdout` stay what they are: `httpd -X`, where a debugger may want them.
    public var keepsTerminal = false
    /// The directory that becomes `sys.path[0]`; empty: none.
    public var home = ""
    /// Embedded mode: how Python is started. A daemon process has its command line for that.
    public var python = PythonSpec()
    /// Embedded mode: the Python executable whose environment is to be used (`<venv>/bin/python`).
    public var pythonExecutable = ""
    /// Scripts to import before the first request.
    public var preloads: [ScriptSpec] = []
    /// Whether a preload that fails to import ends the start (a predecessor still serves), or is only logged.
    public var preloadsMustSucceed = false
    /// Preloads that may fail all the same, because the predecessor serves without them.
    public var toleratedPreloads: [ScriptSpec] = []
    /// `PATH_INFO`, with a query if there is one, of the request that each application answers before the process takes
    /// others; empty: none.
    public var warmup = ""
    /// `HTTP_HOST` of that request.
    public var warmupHost = ""

    /// What only a daemon process has; `nil` in an httpd child.
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

    /// Lets the scripts of the process handle signals, whatever the settings of its interpreters are.
    public mutating func allowSignals() {
        interpreter.restrictsSignal = false
        for index in interpreters.indices { interpreters[index].interpreter.restrictsSignal = false }
    }

    /// How the interpreter of this application group is set up.
    public func interpreter(of applicationGroup: String) -> InterpreterSpec {
        interpreters.first { $0.applicationGroup == applicationGroup }?.interpreter ?? interpreter
    }
}

/// What a daemon process must know beyond `ProcessSpec`. Times are seconds.
public struct WorkerSpec: Spec {
    /// Index of the slot in the scoreboard.
    public var slot: UInt32 = 0
    /// The generation this worker serves under.
    public var generation: UInt32 = 1
    /// Request threads.
    public var threads = 15
    /// Stack size of a request thread in bytes; 0: the system's default.
    public var stackSize = 0
    /// Requests after which the worker asks to be replaced; 0: never.
    public var maximumRequests = 0
    /// The most that is added to `maximumRequests` by chance, so that workers are not all replaced at once.
    public var maximumRequestsJitter = 0
    /// How long requests under way may go on when the worker is replaced.
    public var gracefulTimeout = 15
    /// How long requests and interpreters have when the worker is told to end.
    public var shutdownTimeout = 5
    /// As `gracefulTimeout`, when SIGUSR1 asked for it; 0: the same.
    public var evictionTimeout = 0
    /// What its monitor enforces, in milliseconds.
    public var limits = WorkerDeadlines.Limits()
    /// How long one read or write on a connection may take; 0: for ever.
    public var socketTimeout = 60
    /// SO_SNDBUF of its connections in bytes; 0: the system's default.
    public var sendBufferSize = 0
    /// SO_RCVBUF of its connections in bytes; 0: the system's default.
    public var receiveBufferSize = 0
    /// The CPU time it may use, for its message; 0: any.
    public var cpuTimeLimit = 0
    /// httpd's number of the least important level that it writes to the error log.
    public var logLevel = 4
    /// The user id, beside root, whose processes may connect: httpd's children.
    public var peerUserID: UInt32 = 0
    /// What they send first.
    public var secret = ConnectionSecret()
    /// Whether processes of the same user may look into it: read its memory and its environment, trace it.
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
