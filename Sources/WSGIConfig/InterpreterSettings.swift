/// Settings of interpreters in one scope; `nil` and the empty list: not set there.
public struct InterpreterSettings: Equatable, Sendable {
    /// `WSGIPerInterpreterGIL`: whether each sub-interpreter has a GIL of its own.
    public var perInterpreterGIL: Bool?
    /// `WSGIFreeThreading`: whether a free-threaded Python runs without the GIL.
    public var freeThreading: Bool?
    /// `WSGISwitchInterval` in seconds.
    public var switchInterval: Double?
    /// `WSGIPythonPath`: directories for `site.addsitedir`.
    public var pythonPath: [String] = []
    /// `WSGIRestrictStdin`: whether reads from `sys.stdin` are rejected.
    public var restrictStdin: Bool?
    /// `WSGIRestrictStdout`: whether writes to `sys.stdout` are rejected.
    public var restrictStdout: Bool?
    /// `WSGIRestrictSignal`: whether `signal.signal` has no effect.
    public var restrictSignal: Bool?

    /// Empty settings.
    public init() {}

    /// These settings, overridden by those of `inner`, whose directories come first.
    public func merged(under inner: InterpreterSettings) -> InterpreterSettings {
        var result = self
        result.perInterpreterGIL = inner.perInterpreterGIL ?? perInterpreterGIL
        result.freeThreading = inner.freeThreading ?? freeThreading
        result.switchInterval = inner.switchInterval ?? switchInterval
        result.pythonPath = inner.pythonPath + pythonPath
        result.restrictStdin = inner.restrictStdin ?? restrictStdin
        result.restrictStdout = inner.restrictStdout ?? restrictStdout
        result.restrictSignal = inner.restrictSignal ?? restrictSignal
        return result
    }
}

/// A `<WSGIInterpreterOptions>` section.
public struct InterpreterBlock: Equatable, Sendable {
    /// The process group that it applies to; "" is embedded mode, `nil` all.
    public var processGroup: String?
    /// The application group that it applies to; "" is the main interpreter, `nil` all.
    public var applicationGroup: String?
    /// The settings in it.
    public var settings = InterpreterSettings()
    /// The place of its first line.
    public let location: SourceLocation

    /// An empty section.
    public init(processGroup: String? = nil, applicationGroup: String? = nil, location: SourceLocation) {
        self.processGroup = processGroup
        self.applicationGroup = applicationGroup
        self.location = location
    }

    /// The number of groups that it names. A section that names more takes precedence.
    public var specificity: Int { (processGroup == nil ? 0 : 1) + (applicationGroup == nil ? 0 : 1) }
}
