/// Settings of the whole server; they can be written in the main server only.
public struct GlobalSettings: Equatable, Sendable {
    /// The Python installation or virtual environment to use where a group names none; `nil`: the default one.
    public var pythonHome: String?
    /// `PYTHON_EGG_CACHE` of embedded interpreters.
    public var pythonEggs: String?
    /// The optimisation level: 0, 1 or 2.
    public var pythonOptimize = 0
    /// Specifications of warnings, as for `python -W`, in order.
    public var pythonWarnings: [String] = []
    /// The seed of hashes.
    public var pythonHashSeed = PythonHashSeed.unset
    /// Whether no bytecode files are written.
    public var dontWriteBytecode = false
    /// Whether interpreters are ended, and their `atexit` functions run, when a process ends.
    public var destroyInterpreter = true
    /// What applies to all interpreters.
    public var interpreter = InterpreterSettings()
    /// The `<WSGIInterpreterOptions>` sections, in order.
    public var interpreterBlocks: [InterpreterBlock] = []

    /// The prefix of socket paths, as written; `nil`: in httpd's runtime directory.
    public var socketPrefix: String?
    /// How many daemon processes may start at a time; 0: as many as there are processors.
    public var startLimit = 0
    /// Whether requests are refused that would be served embedded in an httpd child.
    public var restrictEmbedded = false
    /// Whether paths of scripts that differ in case are different scripts.
    public var caseSensitivity = true

    /// Whether `mod_wsgi.server_metrics()` answers in embedded mode.
    public var serverMetrics = false
    /// Where telemetry is sent to; `nil`: nowhere.
    public var telemetryService: TelemetryService?
    /// What telemetry includes.
    public var telemetryOptions: TelemetryOptions = []
    /// Seconds from which a request counts as slow; `nil`: none does.
    public var slowRequests: Double?

    /// The directives that were written.
    public internal(set) var written: Set<String> = []

    /// Settings with every value at its default.
    public init() {}
}
