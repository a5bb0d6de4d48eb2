public import CEngineABI
internal import CPython
internal import PythonRuntime
internal import Synchronization
public import WSGICore
public import WSGIWire

/// The engine's adapter between requests and WSGI applications: the same for embedded and daemon mode.
///
/// `start` comes first and `stop` last, both on one thread; `run` may be called from any thread in between.
public enum Adapter {
    /// Prepares the main interpreter: `sys.path`, `sys.argv`, `mod_wsgi` and `apache`, the output streams.
    ///
    /// Needs the GIL, in the main interpreter. The caller owns `host`, which must outlive the adapter.
    /// - Returns: False on failure; the reason is logged.
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

    /// Registers the parts that interpreters are prepared for, in this order; done once.
    private static let registration: Void = {
        PythonModule.register()
        Events.register()
        Metrics.register()
        InterpreterScripts.register()
        WSGIProtocol.register()
        HookScripts.register()
    }()

    /// Runs one request. Called without the GIL; blocks until the response has been handed to `transport`.
    ///
    /// - Parameters:
    ///   - head: An encoded `RequestHead`, which must not change during the call.
    ///   - transport: The request's connection to the client and the log; not used after the call returns.
    /// - Returns: A `wsgi_outcome`, or the HTTP status of an error response for the caller to send.
    public static func run(_ head: UnsafeRawBufferPointer, _ transport: UnsafePointer<wsgi_transport>) -> Int32 {
        unsafe WSGICall.run(head, transport)
    }

    /// Calls functions of a hook script: access, authentication, groups, dispatch.
    ///
    /// Called without the GIL, like `run`, and also takes an encoded `RequestHead`.
    /// - Parameters:
    ///   - head: The script, its application group and the entries of the environ.
    ///   - transport: Receives the call's log lines.
    ///   - functions: Receives the texts of the results, and implements `mod_ssl.*`.
    ///   - calls: The functions to call. Each receives its result. Functions that were not called count as failed.
    public static func call(
        _ head: UnsafeRawBufferPointer, _ transport: UnsafePointer<wsgi_transport>,
        _ functions: UnsafePointer<wsgi_call_functions>, _ calls: UnsafeMutableBufferPointer<wsgi_function_call>
    ) {
        unsafe HookScriptCall.run(head, transport, functions, calls)
    }

    /// Imports the scripts of `ProcessSpec.preloads`, each in its interpreter.
    ///
    /// Needs the GIL, in the thread state of `start`. A failure is logged and the next script is imported, unless
    /// `preloadsMustSucceed` is set and the script is not one of `toleratedPreloads`.
    /// - Returns: The failure that ends the start, which is not logged.
    public static func importPreloads() -> StartFailure? { Preloads.load() }

    /// Calls each imported application once, with GET and the path of `ProcessSpec.warmup`.
    ///
    /// Needs the GIL, in the thread state of `start`, after `importPreloads`. If an application raises or responds with
    /// 5xx, that is logged and the next one is called, unless `preloadsMustSucceed` is set.
    /// - Returns: The failure that ends the start, which is not logged.
    public static func warmUp() -> StartFailure? { Warmup.runAll() }

    /// Acquires and releases the GIL of each interpreter that has its own. Called without the GIL; returns after
    /// acquiring all of them.
    public static func probe() {
        guard let thread = ThreadContext.current else { return }
        InterpreterRegistry.probe(thread)
    }

    /// Passes the event `process_stopping` to the applications, once and before `stop`: `reason` is the name of a
    /// `ShutdownReason`, empty in embedded mode.
    ///
    /// Called without the GIL, on the thread of `start`. Returns when all callbacks have returned.
    public static func announceStopping(_ reason: String) { ProcessEvents.announceStopping(reason) }

    /// Passes the event `process_signal` to the applications. Called like `announceStopping`.
    ///
    /// - Returns: Whether an application has subscribed to it.
    public static func announceSignal(_ name: String, _ number: Int32) -> Bool {
        ProcessEvents.announceSignal(name, number)
    }

    /// Ends the interpreters other than the main one, so that their `atexit` functions run.
    ///
    /// Needs the GIL, in the thread state of `start`. No request may be running.
    /// - Returns: Whether all have ended. If not (a thread of the application still runs), all `atexit` functions have
    ///   run, including those of the main interpreter, but `Py_FinalizeEx` would abort the process. Exit without
    ///   calling it.
    @discardableResult
    public static func stop() -> Bool {
        InterpreterRegistry.stop()
    }

    // MARK: - Scripts and their successors

    /// Sets the function that is called for each event, without the GIL and on any thread.
    public static func onScript(_ callback: @escaping @Sendable (ScriptEvent) -> Void) {
        ScriptEvents.listen(callback)
    }

    /// Sets the function that is called when a script begins to be loaded in an interpreter other than the main one, on
    /// the thread that loads it, with the GIL.
    public static func onLoad(_ callback: @escaping @Sendable (ScriptLoad) -> Void) { ScriptLoad.listen(callback) }

    /// Marks this code as failed: see `FailedCode`. Any thread.
    public static func markFailed(_ path: String, modified: Int64) { FailedCode.insert(path, modified: modified) }

    /// Another process of the group serves with this script: see `ProvenScripts`. Any thread.
    public static func noteProven(_ script: ScriptSpec) { ProvenScripts.insert(script) }

    // MARK: - Service processes

    /// Installs the signal handlers. Needs the GIL, on the main thread in the main interpreter.
    public static func catchSignals() { Services.catchSignals() }

    /// Runs the scripts of `ProcessSpec.preloads` in order, until all have returned or one raises SystemExit, which is
    /// not logged. Other exceptions are logged, and the next script runs. Then the event `process_stopping` is passed to
    /// them with the name of the reason.
    ///
    /// Needs the GIL, on the main thread, in the thread state of `start`.
    public static func runServices(reason: () -> String) {
        Services.run()
        Attachment.detached { announceStopping(reason()) }
    }
}
