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
    static func make(name: String) -> Interpreter? {
        guard let process = unsafe ProcessState.current, let interpreter = unsafe PyInterpreterState_Get(),
            let python = unsafe PythonPart.make(process.pointee.spec),
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
                name: bytes, interpreter: interpreter, python: python, inputType: inputType.take(),
                responseType: responseType.take(), logType: logType.take(), textStream: textStream.take(),
                startResponse: StartResponse.startResponseMethod(), write: StartResponse.writeMethod(),
                earlyHints: EarlyHints.method(), timeout: timeout.take(), environ: environ, hooks: hooks,
                scripts: ScriptTable.make()))
        let made = unsafe Interpreter(state: state)
        guard made.replaceStreams() else { return nil }
        return made
    }

    /// Puts streams into the error log in the place of `sys.stdout` and `sys.stderr`.
    private func replaceStreams() -> Bool {
        guard let output = ErrorStream.make(self, kind: .standardOutput),
            let errors = ErrorStream.make(self, kind: .standardError)
        else { return false }
        return unsafe PySys_SetObject("stdout", output.text) == 0 && PySys_SetObject("stderr", errors.text) == 0
    }

    /// Ends the interpreter, which is attached, and leaves `main`, a thread state of another, attached.
    ///
    /// - Returns: Whether it has ended. When a thread of the application goes on in it, only its `atexit` functions ran.
    func end(_ main: OpaquePointer) -> Bool {
        var isQuiet = false
        if let quiet = unsafe Object(state.pointee.python.finish).call() {
            isQuiet = unsafe quiet.object.pointer == Object.bool(true).pointer
        }
        if PythonError.occurred {
            ExceptionReport.log(.applicationRaised, "Exception while the interpreter '\(text)' ends.", to: .process)
        }
        if isQuiet, wsgi_delete_other_thread_states() {
            unsafe wsgi_end_interpreter(main)
            return true
        }
        if let run = unsafe Object(state.pointee.python.runExitFunctions).call() {
            _ = consume run
        } else {
            PyErr_Clear()
        }
        unsafe PyEval_SaveThread()
        unsafe PyEval_RestoreThread(main)
        return false
    }
}
