internal import CPython
internal import CSystem
internal import PythonRuntime
internal import WSGICore

/// Scripts that are imported before the first request.
extension Adapter {
    /// Imports the scripts of `ProcessSpec.preloads`, each in its interpreter.
    ///
    /// Needs the GIL, in the thread state that `start` had. A failure is logged and the next script imported, unless
    /// `preloadsMustSucceed` is set and the script is not among `toleratedPreloads`.
    /// - Returns: The failure that ends the start, which is not logged.
    public static func importPreloads() -> StartFailure? {
        guard let process = unsafe ProcessState.current, let thread = ThreadContext.current else { return nil }
        let spec = unsafe process.pointee.spec
        let state = unsafe PyEval_SaveThread()
        defer { unsafe PyEval_RestoreThread(state) }
        for script in spec.preloads {
            if spec.preloadsMustSucceed, !spec.toleratedPreloads.contains(where: script.isSameCode(as:)) {
                if let failure = collecting(script, { preload(script, thread, $0) }) { return failure }
            } else if preload(script, thread, .process) != nil {
                announce(.unusable(script))
            }
        }
        return nil
    }

    /// Does something with a script; what it logs becomes part of the failure.
    static func collecting(_ script: ScriptSpec, _ body: (LogTarget) -> String?) -> StartFailure? {
        let (text, report) = FailureReport.collect { body(.report($0)) }
        guard let text else { return nil }
        return StartFailure(text: text, report: report, script: script.path, modified: attempted(script))
    }

    /// The time of the file whose code was read last.
    private static func attempted(_ script: ScriptSpec) -> Int64 {
        guard let thread = ThreadContext.current else { return 0 }
        return withEntry(of: script, thread, .process) { unsafe $0.state.pointee.attempted } ?? 0
    }

    private static func preload(_ script: ScriptSpec, _ thread: ThreadContext, _ target: LogTarget) -> String? {
        let result = withEntry(of: script, thread, target) { entry, interpreter -> String? in
            guard unsafe entry.load(ifNot: nil, in: interpreter, target: target) else {
                return "the script '\(script.path)' cannot be imported."
            }
            return missing(script.callableObject, in: entry, interpreter)
        }
        return result ?? "the interpreter of application group '\(script.applicationGroup)' cannot be made."
    }

    private static func withEntry<Result>(
        of script: ScriptSpec, _ thread: ThreadContext, _ target: LogTarget, _ body: (Script) -> Result
    ) -> Result? {
        withEntry(of: script, thread, target) { entry, _ in body(entry) }
    }

    /// Calls `body` in the script's interpreter; `nil`: there is none, which is logged.
    static func withEntry<Result>(
        of script: ScriptSpec, _ thread: ThreadContext, _ target: LogTarget, _ body: (Script, Interpreter) -> Result
    ) -> Result? {
        var group = script.applicationGroup
        let attached = group.withUTF8 { unsafe thread.attach(UnsafeRawBufferPointer($0)) }
        guard let attachment = unsafe attached else {
            target.write(
                WSGI_LOG_ERR, .interpreterFailed,
                "Cannot create the interpreter of application group '\(script.applicationGroup)'.")
            return nil
        }
        defer { unsafe PyEval_SaveThread() }
        var path = script.path
        return path.withUTF8 { path in
            let interpreter = unsafe attachment.pointee.interpreter
            return unsafe body(interpreter.scripts.entry(UnsafeRawBufferPointer(path)), interpreter)
        }
    }
}
