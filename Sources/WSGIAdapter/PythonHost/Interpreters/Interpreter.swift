internal import CPython
internal import CSystem
internal import PythonRuntime
internal import WSGICore

/// What the adapter keeps for each interpreter: its types, its constants, the environ's template, its scripts.
///
/// References are owned and live as long as the interpreter. Touched with that interpreter's GIL only, but for the name.
@safe struct InterpreterState {
    /// The application group; "" is the main interpreter.
    let name: UnsafeRawBufferPointer
    let interpreter: OpaquePointer
    /// It has a GIL of its own.
    let hasOwnGIL: Bool
    let python: PythonPart
    let inputType: PyPointer
    let responseType: PyPointer
    let logType: PyPointer
    let textStream: PyPointer
    let startResponse: UnsafeMutablePointer<PyMethodDef>
    let write: UnsafeMutablePointer<PyMethodDef>
    let earlyHints: UnsafeMutablePointer<PyMethodDef>
    let timeout: PyPointer
    let environ: EnvironTemplate
    let hooks: HookObjects
    let scripts: ScriptTable
}

/// One interpreter.
@safe struct Interpreter: @unchecked Sendable {
    let state: UnsafeMutablePointer<InterpreterState>

    /// The scripts loaded in it.
    var scripts: ScriptTable { unsafe state.pointee.scripts }

    /// The application group, for messages.
    var text: String { unsafe Text.string(state.pointee.name) }

    /// Prepares the interpreter that is attached; `nil`: a Python exception says why.
    static func make(name: String, _ spec: InterpreterSpec, hasOwnGIL: Bool) -> Interpreter? {
        guard let process = unsafe ProcessState.current, let interpreter = unsafe PyInterpreterState_Get(),
            let python = unsafe PythonPart.make(spec, home: process.pointee.spec.home),
            let io = Python.module("io"), let textStream = io.object.attribute("TextIOWrapper"),
            let inputType = InputStream.makeType(), let responseType = StartResponse.makeType(),
            let logType = ErrorStream.makeType(),
            let timeout = unsafe Reference(
                PyErr_NewException("mod_wsgi.RequestTimeout", wsgi_exception(WSGI_BASE_EXCEPTION), nil)),
            let environ = unsafe EnvironTemplate.make(
                process.pointee.spec, applicationGroup: name, fileWrapper: Object(python.fileWrapper)),
            let hooks = unsafe HookObjects.make(process.pointee.spec, applicationGroup: name),
            unsafe PythonModule.install(
                process.pointee.spec, applicationGroup: name, python: python, timeout: timeout.object)
        else { return nil }
        var copy = name
        let bytes = copy.withUTF8 { unsafe Text.immortal(UnsafeRawBufferPointer($0)) }
        let state = UnsafeMutablePointer<InterpreterState>.allocate(capacity: 1)
        unsafe state.initialize(
            to: InterpreterState(
                name: bytes, interpreter: interpreter, hasOwnGIL: hasOwnGIL, python: python,
                inputType: inputType.take(),
                responseType: responseType.take(), logType: logType.take(), textStream: textStream.take(),
                startResponse: StartResponse.startResponseMethod(), write: StartResponse.writeMethod(),
                earlyHints: EarlyHints.method(), timeout: timeout.take(), environ: environ, hooks: hooks,
                scripts: ScriptTable.make()))
        let made = unsafe Interpreter(state: state)
        let keepsTerminal = unsafe process.pointee.spec.keepsTerminal
        guard made.replaceStreams(keepsTerminal: keepsTerminal),
            Restrictions.apply(spec, keepsTerminal: keepsTerminal),
            ChildProcesses.prepare(isEmbedded: unsafe process.pointee.spec.worker == nil)
        else { return nil }
        return made
    }

    /// Puts streams into the error log in the place of `sys.stdout` and `sys.stderr`.
    private func replaceStreams(keepsTerminal: Bool) -> Bool {
        guard let errors = ErrorStream.make(self, kind: .standardError),
            unsafe PySys_SetObject("stderr", errors.text) == 0
        else { return false }
        guard !keepsTerminal else { return true }
        guard let output = ErrorStream.make(self, kind: .standardOutput) else { return false }
        return unsafe PySys_SetObject("stdout", output.text) == 0
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
        if let quiet = unsafe Object(state.pointee.python.finish).call() {
            isQuiet = unsafe quiet.object.pointer == Object.bool(true).pointer
        }
        if PythonError.occurred {
            ExceptionReport.log(.applicationRaised, "Exception while the interpreter '\(text)' ends.", to: .process)
        }
        return isQuiet
    }

    /// Runs the `atexit` functions of the interpreter, which is attached.
    func runExitFunctions() {
        if let run = unsafe Object(state.pointee.python.runExitFunctions).call() {
            _ = consume run
        } else {
            PyErr_Clear()
        }
    }
}
