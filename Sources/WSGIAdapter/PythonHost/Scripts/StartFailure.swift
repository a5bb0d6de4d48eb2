internal import CEngineABI
internal import WSGICore

/// Why a successor must not take over: a script that its predecessor runs cannot be imported, or does not serve.
public struct StartFailure: Sendable {
    /// A sentence.
    public var text: String
    /// What belongs into the log: records with their identifiers, tracebacks line by line.
    public var report: [String]
    /// The script's path.
    public var script: String
    /// The time of the file whose code has failed, in microseconds since 1970; 0: unknown.
    public var modified: Int64

    /// Writes it to the process's error log, where nobody else does.
    public func log() {
        for line in report { LogTarget.process.write(WSGI_LOG_ERR, line) }
        LogTarget.process.write(WSGI_LOG_ERR, text)
    }
}

extension StartFailure {
    /// Does something with a script; what it logs becomes part of the failure.
    static func collecting(_ script: ScriptSpec, _ body: (LogTarget) -> String?) -> StartFailure? {
        let (text, report) = FailureReport.collect { body(.report($0)) }
        guard let text else { return nil }
        return StartFailure(text: text, report: report, script: script.path, modified: attempted(script))
    }

    /// The time of the file whose code was read last.
    private static func attempted(_ script: ScriptSpec) -> Int64 {
        guard let thread = ThreadContext.current else { return 0 }
        return Script.with(script, thread, .process) { entry, _ in unsafe entry.state.pointee.attempted } ?? 0
    }
}
