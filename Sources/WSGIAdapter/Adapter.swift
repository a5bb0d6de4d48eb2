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

    /// Runs one request. Called without the GIL; blocks until the response was handed to `transport`.
    ///
    /// - Parameters:
    ///   - head: An encoded `RequestHead`, which must stay as it is meanwhile.
    ///   - transport: What the request can do to the outside; it is not used after the return.
    /// - Returns: A `wsgi_outcome`, or an HTTP status to be answered instead of a response.
    public static func run(_ head: UnsafeRawBufferPointer, _ transport: UnsafePointer<wsgi_transport>) -> Int32 {
        guard unsafe ProcessState.current != nil, let thread = ThreadContext.current else { return 500 }
        let request: RequestHead
        do {
            request = unsafe try RequestHead(head)
        } catch {
            unsafe LogTarget.transport(transport).write(WSGI_LOG_ERR, "The request head cannot be decoded: \(error).")
            return 500
        }
        guard let attachment = unsafe thread.attach(request.applicationGroup) else {
            unsafe LogTarget.transport(transport).write(
                WSGI_LOG_ERR, LogID.interpreterFailed,
                "Cannot create the interpreter of application group '\(Text.string(request.applicationGroup))'.")
            return 500
        }
        let call = unsafe thread.push(attachment, request, transport)
        let outcome = call.serve(request)
        unsafe PyEval_SaveThread()
        let final = call.conclude(outcome)
        thread.pop(call)
        return final
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
        for index in questions.indices { unsafe questions[index].answer = WSGI_ANSWER_FAILED.rawValue }
        guard unsafe ProcessState.current != nil, let thread = ThreadContext.current else { return }
        guard let request = unsafe try? RequestHead(head) else {
            unsafe LogTarget.transport(transport).write(WSGI_LOG_ERR, "The request head cannot be decoded.")
            return
        }
        guard let attachment = unsafe thread.attach(request.applicationGroup) else {
            unsafe LogTarget.transport(transport).write(
                WSGI_LOG_ERR, LogID.interpreterFailed,
                "Cannot create the interpreter of application group '\(Text.string(request.applicationGroup))'.")
            return
        }
        let call = unsafe thread.push(attachment, request, transport)
        unsafe call.ask(questions, request, functions)
        unsafe PyEval_SaveThread()
        call.endLines()
        thread.pop(call)
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

    /// What is wrong when a script has lost its application; `nil`: it has it, or none is named.
    static func missing(_ name: String, in script: Script, _ interpreter: Interpreter) -> String? {
        guard !name.isEmpty else { return nil }
        var name = name
        return name.withUTF8 { name in
            let bytes = UnsafeRawBufferPointer(name)
            if let text = unsafe script.name(bytes), let found = unsafe script.callable(text) {
                _ = consume found
                return nil
            }
            PyErr_Clear()
            return unsafe script.missingCallable(bytes, in: interpreter)
        }
    }
}
