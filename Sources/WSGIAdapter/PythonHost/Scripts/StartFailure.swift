internal import CEngineABI
internal import WSGICore

/// The reason why a successor must not take over: a script of its predecessor cannot be imported, or does not serve.
public struct StartFailure: Sendable {
    /// The reason, as a sentence.
    public var text: String
    /// The log records, with their identifiers; tracebacks line by line.
    public var report: [String]
    /// The script's path.
    public var script: String
    /// The modification time of the file whose code has failed, in microseconds since 1970; 0: unknown.
    public var modified: Int64

    /// Writes it to the process's error log, if no other process logs it.
    public func log() {
        for line in report { LogTarget.process.write(WSGI_LOG_ERR, line) }
        LogTarget.process.write(WSGI_LOG_ERR, text)
    }
}

extension StartFailure {
    /// Calls `body` with a script. Records that it logs become part of the failure.
    static func collecting(_ script: ScriptSpec, _ body: (LogTarget) -> String?) -> StartFailure? {
        let (text, report) = FailureReport.collect { body(.report($0)) }
        guard let text else { return nil }
        return StartFailure(text: text, report: report, script: script.path, modified: attempted(script))
    }

    /// The modification time of the file whose code was last read.
    private static func attempted(_ script: ScriptSpec) -> Int64 {
        guard let thread = ThreadContext.current else { return 0 }
        return Script.with(script, thread, .process) { entry, _ in unsafe entry.state.pointee.attempted } ?? 0
    }
}
