internal import CPython
internal import PythonRuntime

/// Python source that is part of the engine: `.py` files, which `tools/embed-python` writes into Swift.
///
/// Only work outside the hot path is written in Python.
@safe struct PythonSource {
    let text: StaticString

    init(_ text: StaticString) { self.text = text }

    /// Runs the source in the attached interpreter; `nil` with a Python exception set.
    func run() -> PythonNames? {
        guard let globals = unsafe Reference(PyDict_New()), let builtins = Python.module("builtins"),
            unsafe PyDict_SetItemString(globals.object.pointer, "__builtins__", builtins.object.pointer) == 0,
            let name = Python.text("mod_wsgi"),
            unsafe PyDict_SetItemString(globals.object.pointer, "__name__", name.object.pointer) == 0,
            // `ExceptionReport` recognizes its frames by this name.
            let code = unsafe Reference(Py_CompileString(text.cString, "<mod_wsgi>", Py_file_input)),
            unsafe Reference(
                PyEval_EvalCode(code.object.pointer, globals.object.pointer, globals.object.pointer)) != nil
        else { return nil }
        return PythonNames(globals: globals)
    }
}

/// The global names of a `PythonSource` that has run. Needs the GIL.
@safe struct PythonNames: ~Copyable {
    fileprivate let globals: Reference

    /// The object of a name, borrowed.
    func object(_ name: StaticString) -> Object? {
        unsafe Object(PyDict_GetItemString(globals.object.pointer, name.cString))
    }

    /// A new reference to the object of a name.
    func take(_ name: StaticString) -> PyPointer? { unsafe object(name)?.retained.take() }
}
