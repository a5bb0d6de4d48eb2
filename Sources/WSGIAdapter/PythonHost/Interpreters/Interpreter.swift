internal import CPython
internal import PythonRuntime
internal import WSGICore

/// The host's state of each interpreter.
///
/// References are owned and live as long as the interpreter. All but the name need that interpreter's GIL.
@safe struct InterpreterState {
    /// The application group; "" is the main interpreter.
    let name: UnsafeRawBufferPointer
    let interpreter: OpaquePointer
    /// Whether it has its own GIL.
    let hasOwnGIL: Bool
    let functions: InterpreterFunctions
    let logType: PyPointer
    let textStream: PyPointer
    let timeout: PyPointer
    /// The key `apache.request_rec`.
    let requestRecord: PyPointer
    /// The keys of environs.
    let keys: KeyCache
    /// The state of each `HostPart`, by its index.
    let parts: UnsafeMutablePointer<UnsafeMutableRawPointer>
    /// The `RequestState` of the first request that runs in it; they form a list.
    var firstActive: UnsafeMutableRawPointer?
    /// `mod_wsgi.active_requests`; `nil` until an application uses it.
    var activeRequests: PyPointer?
}

/// One interpreter.
@safe struct Interpreter: @unchecked Sendable {
    let state: UnsafeMutablePointer<InterpreterState>

    /// The application group, for messages.
    var text: String { unsafe Text.string(state.pointee.name) }

    /// The process group and the application group, for messages.
    var label: String {
        let group = unsafe ProcessState.current?.pointee.spec.processGroup ?? ""
        return "(process group '\(group)', application group '\(text)')"
    }

    /// Stores a value for the part with this index, for the life of the interpreter.
    func keep<Value>(_ value: Value, for part: Int) {
        let memory = UnsafeMutablePointer<Value>.allocate(capacity: 1)
        unsafe memory.initialize(to: value)
        unsafe state.pointee.parts[part] = UnsafeMutableRawPointer(memory)
    }

    /// The state of the part with this index, which must be of this type.
    func kept<Value>(_ type: Value.Type, for part: Int) -> UnsafeMutablePointer<Value> {
        unsafe state.pointee.parts[part].assumingMemoryBound(to: type)
    }

    /// Ends the attached interpreter and attaches `main`, a thread state of another interpreter.
    ///
    /// - Returns: Whether it has ended. If a thread of the application still runs in it, only its `atexit` functions
    ///   have run.
    func end(_ main: OpaquePointer) -> Bool {
        if waitForThreads(), StackReaders.areGone, wsgi_delete_other_thread_states() {
            unsafe wsgi_end_interpreter(main)
            return true
        }
        runExitFunctions()
        unsafe PyEval_SaveThread()
        unsafe PyEval_RestoreThread(main)
        return false
    }

    /// Joins the threads of the attached interpreter that are to be joined.
    ///
    /// - Returns: Whether no other thread still runs.
    @discardableResult
    func waitForThreads() -> Bool {
        var isQuiet = false
        if let quiet = unsafe Object(state.pointee.functions.finish).call() {
            isQuiet = unsafe quiet.object.pointer == Object.bool(true).pointer
        }
        if PythonError.occurred {
            ExceptionReport.log(.applicationRaised, "Exception while the interpreter '\(text)' ends.", to: .process)
        }
        return isQuiet
    }

    /// Runs the `atexit` functions of the attached interpreter.
    func runExitFunctions() {
        if let run = unsafe Object(state.pointee.functions.runExitFunctions).call() {
            _ = consume run
        } else {
            PyErr_Clear()
        }
    }
}
