internal import CPython
internal import PythonRuntime
internal import WSGICore

/// What the host keeps for each interpreter.
///
/// References are owned and live as long as the interpreter. Touched with that interpreter's GIL only, but for the name.
@safe struct InterpreterState {
    /// The application group; "" is the main interpreter.
    let name: UnsafeRawBufferPointer
    let interpreter: OpaquePointer
    /// It has a GIL of its own.
    let hasOwnGIL: Bool
    let functions: InterpreterFunctions
    let logType: PyPointer
    let textStream: PyPointer
    let timeout: PyPointer
    /// The key `apache.request_rec`.
    let requestRecord: PyPointer
    /// The keys of environs.
    let keys: KeyCache
    /// What each `HostPart` keeps, by its index.
    let parts: UnsafeMutablePointer<UnsafeMutableRawPointer>
}

/// One interpreter.
@safe struct Interpreter: @unchecked Sendable {
    let state: UnsafeMutablePointer<InterpreterState>

    /// The application group, for messages.
    var text: String { unsafe Text.string(state.pointee.name) }

    /// The process group and the application group, for messages.
    var place: String {
        let group = unsafe ProcessState.current?.pointee.spec.processGroup ?? ""
        return "(process group '\(group)', application group '\(text)')"
    }

    /// Keeps a value for as long as the interpreter lives, for the part of this index.
    func keep<Value>(_ value: Value, for part: Int) {
        let memory = UnsafeMutablePointer<Value>.allocate(capacity: 1)
        unsafe memory.initialize(to: value)
        unsafe state.pointee.parts[part] = UnsafeMutableRawPointer(memory)
    }

    /// What the part of this index keeps, which must be of this type.
    func kept<Value>(_ type: Value.Type, for part: Int) -> UnsafeMutablePointer<Value> {
        unsafe state.pointee.parts[part].assumingMemoryBound(to: type)
    }

    /// Ends the interpreter, which is attached, and leaves `main`, a thread state of another, attached.
    ///
    /// - Returns: Whether it has ended. When a thread of the application goes on in it, only its `atexit` functions ran.
    func end(_ main: OpaquePointer) -> Bool {
        if waitForThreads(), wsgi_delete_other_thread_states() {
            unsafe wsgi_end_interpreter(main)
            return true
        }
        runExitFunctions()
        unsafe PyEval_SaveThread()
        unsafe PyEval_RestoreThread(main)
        return false
    }

    /// Waits for the threads of the interpreter, which is attached, that want to be waited for.
    ///
    /// - Returns: Whether no other goes on.
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

    /// Runs the `atexit` functions of the interpreter, which is attached.
    func runExitFunctions() {
        if let run = unsafe Object(state.pointee.functions.runExitFunctions).call() {
            _ = consume run
        } else {
            PyErr_Clear()
        }
    }
}
