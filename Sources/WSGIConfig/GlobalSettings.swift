/// Settings of the whole server, which are allowed in the main server only.
public struct GlobalSettings: Equatable, Sendable {
    /// The Python installation or virtual environment of groups that name none; `nil`: the default one.
    public var pythonHome: String?
    /// `PYTHON_EGG_CACHE` of embedded interpreters.
    public var pythonEggs: String?
    /// The optimisation level: 0, 1 or 2.
    public var pythonOptimize = 0
    /// Rules for warnings, as for `python -W`, in order.
    public var pythonWarnings: [String] = []
    /// The seed of hashes.
    public var pythonHashSeed = PythonHashSeed.unset
    /// Whether no bytecode files are written.
    public var dontWriteBytecode = false
    /// Whether interpreters are ended, and their `atexit` functions run, when a process ends.
    public var destroyInterpreter = true
    /// Settings of all interpreters.
    public var interpreter = InterpreterSettings()
    /// The `<WSGIInterpreterOptions>` sections, in order.
    public var interpreterBlocks: [InterpreterBlock] = []

    /// The path prefix of sockets, as written; `nil`: in httpd's runtime directory.
    public var socketPrefix: String?
    /// Number of daemon processes that may start at the same time; 0: the number of processors.
    public var startLimit = 0
    /// Whether requests that would run embedded in an httpd child are rejected.
    public var restrictEmbedded = false
    /// Whether script paths that differ in case are different scripts.
    public var caseSensitivity = true

    /// Whether embedded applications may call `mod_wsgi.server_metrics()`.
    public var serverMetrics = false
    /// The destination of telemetry; `nil`: none.
    public var telemetryService: TelemetryService?
    /// The contents of telemetry.
    public var telemetryOptions: TelemetryOptions = []
    /// Seconds after which a request counts as slow; `nil`: never.
    public var slowRequests: Double?

    /// The directives that were written.
    public internal(set) var written: Set<String> = []

    /// Settings with their default values.
    public init() {}
}
