internal import CPython
internal import PythonRuntime
internal import WSGICore
internal import WSGIWire

/// Scripts that are imported before the first request.
enum Preloads {
    /// Imports the scripts of `ProcessSpec.preloads`, each in its interpreter.
    ///
    /// Needs the GIL, in the thread state of `start`. A failure is logged and the next script is imported, unless
    /// `preloadsMustSucceed` is set and the script is not one of `toleratedPreloads`.
    /// - Returns: The failure that ends the start, which is not logged.
    static func load() -> StartFailure? {
        guard let process = unsafe ProcessState.current, let thread = ThreadContext.current else { return nil }
        let spec = unsafe process.pointee.spec
        let state = unsafe PyEval_SaveThread()
        defer { unsafe PyEval_RestoreThread(state) }
        for script in spec.preloads {
            if spec.preloadsMustSucceed, !spec.toleratedPreloads.contains(where: script.isSameCode(as:)) {
                if let failure = StartFailure.collecting(script, { preload(script, thread, $0) }) { return failure }
            } else if preload(script, thread, .process) != nil {
                ScriptEvents.announce(.unusable(script))
            }
        }
        return nil
    }

    private static func preload(_ script: ScriptSpec, _ thread: ThreadContext, _ target: LogTarget) -> String? {
        let result = Script.with(script, thread, target) { entry, interpreter -> String? in
            let hasFactory = script.callableObject.hasSuffix("()")
            guard unsafe entry.load(ifNot: nil, in: interpreter, target: target, factory: hasFactory) else {
                return "the script '\(script.path)' cannot be imported."
            }
            return entry.missing(script.callableObject, in: interpreter, target: target)
        }
        return result ?? "the interpreter of application group '\(script.applicationGroup)' cannot be created."
    }
}
