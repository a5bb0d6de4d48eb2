internal import CEngineABI
internal import CPython
internal import PythonRuntime
internal import WSGICore

/// The functions of `interpreter.py`, in one interpreter.
///
/// References are owned and live as long as the interpreter.
@safe struct InterpreterFunctions {
    let finish: PyPointer
    let runExitFunctions: PyPointer
    let stack: PyPointer
    let stackOfFrame: PyPointer

    /// Creates them in the attached interpreter and prepares `sys.path` and `sys.argv`; `nil` with a Python exception
    /// set.
    static func make(_ spec: InterpreterSpec, home: String) -> InterpreterFunctions? {
        guard let names = PythonSource.interpreter.run(), let prepare = names.object("prepare"),
            let paths = Python.list(spec.pythonPath), let home = Python.text(home),
            let failure = prepare.call(paths.object, home.object)
        else { return nil }
        if !failure.object.isNone {
            let message = failure.object.text
            Attachment.detached { LogTarget.process.write(WSGI_LOG_ERR, .sitePathFailed, message) }
        }
        guard let finish = unsafe names.take("finish"), let exit = unsafe names.take("run_exit_functions"),
            let stack = unsafe names.take("stack"), let stackOfFrame = unsafe names.take("stack_of")
        else { return nil }
        return unsafe InterpreterFunctions(
            finish: finish, runExitFunctions: exit, stack: stack, stackOfFrame: stackOfFrame)
    }
}
