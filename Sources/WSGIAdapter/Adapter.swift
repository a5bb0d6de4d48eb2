public import CEngineABI
internal import CPython
internal import PythonRuntime
internal import Synchronization
public import WSGICore
internal import WSGIWire

/// The engine's adapter between requests and WSGI applications: the same for embedded and daemon mode.
///
/// `start` comes first and `stop` last, both on one thread; `run` may be called from any thread in between.
public enum Adapter {
    /// Prepares the main interpreter: `sys.path`, `sys.argv`, `mod_wsgi` and `apache`, the output streams.
    ///
    /// Needs the GIL, in the main interpreter; `host` stays the caller's and must outlive the adapter.
    /// - Returns: False when that was not possible; the reason is logged.
    public static func start(_ spec: ProcessSpec, host: UnsafePointer<wsgi_host>) -> Bool {
        unsafe ProcessState.begin(spec, host: host)
        _ = registration
        guard let thread = ThreadContext.current else { return false }
        let own = spec.interpreter(of: "")
        guard let main = Interpreter.make(name: "", own, hasOwnGIL: false), SwitchInterval.set(spec.switchInterval)
        else {
            ExceptionReport.log(.interpreterFailed, "Cannot prepare the main interpreter.", to: .process)
            return false
        }
        InterpreterRegistry.add(main)
        thread.adopt(main)
        Attachment.detached { SwitchInterval.warn(own, "", hasOwnGIL: false) }
        return true
    }

    /// Registers what interpreters are prepared for, in this order; done once.
    private static let registration: Void = {
        PythonModule.register()
        InterpreterScripts.register()
        WSGIProtocol.register()
        HookScripts.register()
    }()

    /// Runs one request. Called without the GIL; blocks until the response was handed to `transport`.
    ///
    /// - Parameters:
    ///   - head: An encoded `RequestHead`, which must stay as it is meanwhile.
    ///   - transport: What the request can do to the outside; it is not used after the return.
    /// - Returns: A `wsgi_outcome`, or an HTTP status to be answered instead of a response.
    public static func run(_ head: UnsafeRawBufferPointer, _ transport: UnsafePointer<wsgi_transport>) -> Int32 {
        unsafe WSGICall.run(head, transport)
    }

    /// Calls functions of a script that is not asked for an application: access, authentication, groups, dispatch.
    ///
    /// Called without the GIL, as `run` is, and for an encoded `RequestHead`, too.
    /// - Parameters:
    ///   - head: The script, its application group, and the entries of the environ.
    ///   - transport: Where the call's log lines go.
    ///   - functions: What takes the answers' texts, and what `mod_ssl.*` is made of.
    ///   - questions: The functions to call. Each gets its answer; those that were not called count as failed.
    public static func call(
        _ head: UnsafeRawBufferPointer, _ transport: UnsafePointer<wsgi_transport>,
        _ functions: UnsafePointer<wsgi_call_functions>, _ questions: UnsafeMutableBufferPointer<wsgi_question>
    ) {
        unsafe HookScriptCall.run(head, transport, functions, questions)
    }

    /// Imports the scripts of `ProcessSpec.preloads`, each in its interpreter.
    ///
    /// Needs the GIL, in the thread state that `start` had. A failure is logged and the next script imported, unless
    /// `preloadsMustSucceed` is set and the script is not among `toleratedPreloads`.
    /// - Returns: The failure that ends the start, which is not logged.
    public static func importPreloads() -> StartFailure? { Preloads.load() }

    /// Calls every application that was imported, once, with GET and the path of `ProcessSpec.warmup`.
    ///
    /// Needs the GIL, in the thread state that `start` had, after `importPreloads`. An application that raises or answers
    /// 5xx is logged, and the next one called, unless `preloadsMustSucceed` is set.
    /// - Returns: The failure that ends the start, which is not logged.
    public static func warmUp() -> StartFailure? { Warmup.runAll() }

    /// Takes the GIL of each interpreter that has one of its own, and gives it back. Called without the GIL; returns when
    /// all of them could be had.
    public static func probe() {
        guard let thread = ThreadContext.current else { return }
        InterpreterRegistry.probe(thread)
    }

    /// Ends the interpreters other than the main one, so that their `atexit` functions run.
    ///
    /// Needs the GIL, in the thread state that `start` had; no request may be running.
    /// - Returns: Whether all have ended. When not (a thread of the application goes on), all `atexit` functions have
    ///   run, those of the main interpreter, too; but `Py_FinalizeEx` would abort the process: leave it without.
    @discardableResult
    public static func stop() -> Bool {
        InterpreterRegistry.stop()
    }

    // MARK: - Scripts and their successors

    /// Sets what is called, without the GIL and on any thread, for each event.
    public static func onScript(_ callback: @escaping @Sendable (ScriptEvent) -> Void) {
        ScriptEvents.listen(callback)
    }

    /// Has this code refused: see `RefusedCode`. Any thread.
    public static func refuse(_ path: String, modified: Int64) { RefusedCode.insert(path, modified: modified) }

    /// Another process of the group serves with this script: see `ProvenScripts`. Any thread.
    public static func noteProven(_ script: ScriptSpec) { ProvenScripts.insert(script) }

    // MARK: - Service processes

    /// Sets the handlers of signals. Needs the GIL, on the main thread in the main interpreter.
    public static func catchSignals() { Services.catchSignals() }

    /// Runs the scripts of `ProcessSpec.preloads`, one after the other, until all have returned or one has raised
    /// SystemExit, which is not logged. Other exceptions are, and the next script runs.
    ///
    /// Needs the GIL, on the main thread, in the thread state that `start` had.
    public static func runServices() { Services.run() }
}
