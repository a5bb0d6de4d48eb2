internal import CPython
internal import PythonRuntime

/// The entries that the environ of a hook script has in addition to those that httpd sends: one set for each
/// interpreter.
///
/// References are owned and live as long as the interpreter. Needs its GIL.
@safe struct HookObjects {
    /// A dict with the entries that never change; copied for each call.
    let constant: PyPointer
    /// The key `wsgi.errors`.
    let errors: PyPointer

    let keys: (isHTTPS: PyPointer, variable: PyPointer)
    let methods: (isHTTPS: UnsafeMutablePointer<PyMethodDef>, variable: UnsafeMutablePointer<PyMethodDef>)
    /// The type of the object that the methods are bound to.
    let type: PyPointer

    /// The index among the parts of the host; set by `HookScripts.register`.
    nonisolated(unsafe) static var part = 0
}

extension Interpreter {
    /// The objects of this interpreter.
    var hookObjects: UnsafeMutablePointer<HookObjects> { unsafe kept(HookObjects.self, for: HookObjects.part) }
}
