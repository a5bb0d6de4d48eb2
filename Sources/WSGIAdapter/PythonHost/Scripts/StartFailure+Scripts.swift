internal import CEngineABI
internal import WSGICore
public import WSGIWire

extension StartFailure {
    /// Writes it to the process's error log, if no other process logs it.
    public func log() {
        for line in report { LogTarget.process.write(WSGI_LOG_ERR, line) }
        LogTarget.process.write(WSGI_LOG_ERR, text)
    }

    /// Calls `body` with a script. Records that it logs become part of the failure.
    static func collecting(_ script: ScriptSpec, _ body: (LogTarget) -> String?) -> StartFailure? {
        let (text, report) = FailureReport.collect { body(.report($0)) }
        guard let text else { return nil }
        var failure = StartFailure(text: text)
        failure.report = report
        failure.script = script.path
        failure.modified = attempted(script)
        return failure
    }

    /// The modification time of the file whose code was last read.
    private static func attempted(_ script: ScriptSpec) -> Int64 {
        guard let thread = ThreadContext.current else { return 0 }
        return Script.with(script, thread, .process) { entry, _ in unsafe entry.state.pointee.attempted } ?? 0
    }
}
