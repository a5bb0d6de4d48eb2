internal import CPython
internal import PythonRuntime

/// The scripts of one interpreter, and the functions of `scripts.py`.
///
/// References are owned and live as long as the interpreter.
@safe struct InterpreterScripts {
    let table: ScriptTable
    let readScript: PyPointer
    let callables: PyPointer
    let compile: PyPointer

    /// The index among the parts of the host.
    nonisolated(unsafe) fileprivate static var part = 0

    /// Registers the part, so that each interpreter is prepared for scripts.
    static func register() { unsafe part = HostPart.register(prepare: prepare) }

    private static func prepare(_ interpreter: Interpreter) -> Bool {
        guard let names = PythonSource.scripts.run(), let builtins = Python.module("builtins"),
            let compile = builtins.object.attribute("compile"), let read = unsafe names.take("read_script"),
            let callables = unsafe names.take("callables")
        else { return false }
        let scripts = unsafe InterpreterScripts(
            table: ScriptTable.make(), readScript: read, callables: callables, compile: compile.take())
        unsafe interpreter.keep(scripts, for: part)
        return true
    }
}

extension Interpreter {
    /// The scripts of this interpreter.
    var scripts: UnsafeMutablePointer<InterpreterScripts> {
        unsafe kept(InterpreterScripts.self, for: InterpreterScripts.part)
    }
}
