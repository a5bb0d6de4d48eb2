internal import CPython
internal import CSystem
internal import PythonRuntime
internal import WSGICore

/// Scripts that are the process's only work: `threads=0`.
extension Adapter {
    /// SIGTERM and its like end the script that runs, as SystemExit, unless the script has a handler of its own.
    ///
    /// Where Python drops exceptions (in `__del__`, in callbacks of weak references) the exception would be lost, and the
    /// script go on: the signal is sent once more then.
    private static let signals: StaticString = """
        import _signal, _thread, posix, sys, time
        class Ended(SystemExit):
            pass
        def end(number, frame):
            ended = Ended()
            ended.number = number
            raise ended
        def again(number):
            time.sleep(0.01)
            posix.kill(posix.getpid(), number)
        def lost(args, former=sys.unraisablehook):
            if isinstance(args.exc_value, Ended):
                _thread.start_new_thread(again, (args.exc_value.number,))
            else:
                former(args)
        for number in _signal.SIGTERM, _signal.SIGUSR1, _signal.SIGXCPU:
            _signal.signal(number, end)
        sys.unraisablehook = lost
        """

    /// Sets the handlers of signals. Needs the GIL, on the main thread in the main interpreter.
    public static func catchSignals() {
        if PythonPart.evaluate(signals) == nil {
            ExceptionReport.log(.interpreterFailed, "Cannot set the handlers of signals.", to: .process)
        }
    }

    /// Runs the scripts of `ProcessSpec.preloads`, one after the other, until all have returned or one has raised
    /// SystemExit, which is not logged. Other exceptions are, and the next script runs.
    ///
    /// Needs the GIL, on the main thread, in the thread state that `start` had.
    public static func runServices() {
        guard let process = unsafe ProcessState.current, let thread = ThreadContext.current else { return }
        let state = unsafe PyEval_SaveThread()
        defer { unsafe PyEval_RestoreThread(state) }
        for script in unsafe process.pointee.spec.preloads {
            let hasExited = withEntry(of: script, thread, .process) { entry, interpreter in
                _ = unsafe entry.load(ifNot: nil, in: interpreter, target: .process)
                return unsafe entry.state.pointee.hasExited
            }
            if hasExited == true { return }
        }
    }
}
