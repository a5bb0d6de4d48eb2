internal import CPython
internal import PythonRuntime

/// What scripts that decide about a request find in their environ beside what httpd sends: one set in each interpreter.
///
/// References are owned, and live as long as the interpreter. Needs its GIL.
@safe struct HookObjects {
    /// A dict with the entries that never change; copied for each call.
    let constant: PyPointer
    /// The key `wsgi.errors`.
    let errors: PyPointer

    let keys: (isHTTPS: PyPointer, variable: PyPointer)
    let methods: (isHTTPS: UnsafeMutablePointer<PyMethodDef>, variable: UnsafeMutablePointer<PyMethodDef>)
    /// What the methods are bound to.
    let type: PyPointer

    /// The index among the parts of the host; set by `HookScripts.register`.
    nonisolated(unsafe) static var part = 0
}

extension Interpreter {
    /// What hook scripts find in this interpreter.
    var hookObjects: UnsafeMutablePointer<HookObjects> { unsafe kept(HookObjects.self, for: HookObjects.part) }
}
