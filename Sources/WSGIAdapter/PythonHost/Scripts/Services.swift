internal import CPython
internal import PythonRuntime
internal import WSGICore

/// Scripts of a process that serves no requests: `threads=0`.
enum Services {
    /// Installs the signal handlers. Needs the GIL, on the main thread in the main interpreter.
    static func catchSignals() {
        guard let names = PythonSource.serviceSignals.run(), let function = names.object("catch_signals")?.retained,
            function.object.call() != nil
        else {
            ExceptionReport.log(.interpreterFailed, "Cannot set the handlers of signals.", to: .process)
            return
        }
    }

    /// Runs the scripts of `ProcessSpec.preloads` in order, until all have returned or one raises SystemExit, which is
    /// not logged. Other exceptions are logged, and the next script runs.
    ///
    /// Needs the GIL, on the main thread, in the thread state of `start`.
    static func run() {
        guard let process = unsafe ProcessState.current, let thread = ThreadContext.current else { return }
        let state = unsafe PyEval_SaveThread()
        defer { unsafe PyEval_RestoreThread(state) }
        for script in unsafe process.pointee.spec.preloads {
            let hasExited = Script.with(script, thread, .process) { entry, interpreter in
                _ = unsafe entry.load(ifNot: nil, in: interpreter, target: .process)
                return unsafe entry.state.pointee.hasExited
            }
            if hasExited == true { return }
        }
    }
}
