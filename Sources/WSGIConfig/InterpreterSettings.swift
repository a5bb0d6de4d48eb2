/// Settings of interpreters, as they stand in one place; `nil` and the empty list: nothing was said there.
public struct InterpreterSettings: Equatable, Sendable {
    /// `WSGIPerInterpreterGIL`: whether sub-interpreters have locks of their own.
    public var perInterpreterGIL: Bool?
    /// `WSGIFreeThreading`: whether a free-threaded Python runs without its lock.
    public var freeThreading: Bool?
    /// `WSGISwitchInterval` in seconds.
    public var switchInterval: Double?
    /// `WSGIPythonPath`: directories for `site.addsitedir`.
    public var pythonPath: [String] = []
    /// `WSGIRestrictStdin`: whether reading from `sys.stdin` is refused.
    public var restrictStdin: Bool?
    /// `WSGIRestrictStdout`: whether writing to `sys.stdout` is refused.
    public var restrictStdout: Bool?
    /// `WSGIRestrictSignal`: whether `signal.signal` is without effect.
    public var restrictSignal: Bool?

    /// Settings with nothing said.
    public init() {}

    /// These settings with what `inner` says over them; its directories come before those of these settings.
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
    /// The process group it is for, "" meaning embedded mode; `nil`: all.
    public var processGroup: String?
    /// The application group it is for, "" meaning the main interpreter; `nil`: all.
    public var applicationGroup: String?
    /// What was written in it.
    public var settings = InterpreterSettings()
    /// Where it begins.
    public let location: SourceLocation

    /// A section with nothing in it.
    public init(processGroup: String? = nil, applicationGroup: String? = nil, location: SourceLocation) {
        self.processGroup = processGroup
        self.applicationGroup = applicationGroup
        self.location = location
    }

    /// How many of both groups it names: the section that names more wins.
    public var specificity: Int { (processGroup == nil ? 0 : 1) + (applicationGroup == nil ? 0 : 1) }
}

extension GlobalSettings {
    /// The sections that apply in a process of this group, the weakest first.
    ///
    /// They are to be laid over `interpreter` one after the other, those for other application groups left out.
    public func interpreterLayers(ofProcessGroup group: String) -> [InterpreterBlock] {
        let blocks = interpreterBlocks.filter { $0.processGroup == nil || $0.processGroup == group }
        return (0...2).flatMap { specificity in blocks.filter { $0.specificity == specificity } }
    }

    /// What applies to one interpreter.
    ///
    /// - Parameter base: The weakest layer: `interpreter`, or what a process group says instead.
    public func interpreterSettings(
        ofProcessGroup group: String, applicationGroup: String, base: InterpreterSettings
    ) -> InterpreterSettings {
        interpreterLayers(ofProcessGroup: group)
            .filter { $0.applicationGroup == nil || $0.applicationGroup == applicationGroup }
            .reduce(base) { $0.merged(under: $1.settings) }
    }
}

/// `<WSGIInterpreterOptions>`.
enum InterpreterSection {
    static func open(_ statement: Statement, on server: inout ServerSettings) throws(ConfigError) {
        var block = InterpreterBlock(location: statement.location)
        for word in statement.words {
            let (name, value) = try statement.option(word, of: statement.directive)
            let group = value == "%{GLOBAL}" ? "" : value
            switch name.lowercased() {
            case "process-group":
                if block.processGroup != nil { throw twice(name, statement) }
                block.processGroup = group
            case "application-group":
                if block.applicationGroup != nil { throw twice(name, statement) }
                block.applicationGroup = group
            default:
                throw unknownOption(name, of: statement.directive, known: ["process-group", "application-group"])
            }
        }
        server.global.interpreterBlocks.append(block)
    }

    private static func twice(_ name: String, _ statement: Statement) -> ConfigError {
        ConfigError("\(statement.directive): \(name)= is given twice: write a section for each group.")
    }
}
