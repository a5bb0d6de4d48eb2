internal import CPython
internal import PythonRuntime

/// The WSGI state of each interpreter: its types, its functions, the environ's template.
///
/// References are owned and live as long as the interpreter.
@safe struct WSGIInterpreter {
    let inputType: PyPointer
    let responseType: PyPointer
    let startResponse: UnsafeMutablePointer<PyMethodDef>
    let write: UnsafeMutablePointer<PyMethodDef>
    let earlyHints: UnsafeMutablePointer<PyMethodDef>
    let environ: EnvironTemplate
    let shapes: EnvironShapes
    /// `wsgi.file_wrapper`, and the function that checks whether the file can be sent by its descriptor.
    let fileWrapper: PyPointer
    let sendable: PyPointer

    /// The index among the parts of the host; set by `WSGIProtocol.register`.
    nonisolated(unsafe) static var part = 0
}

extension Interpreter {
    /// The WSGI state of this interpreter.
    var wsgi: UnsafeMutablePointer<WSGIInterpreter> { unsafe kept(WSGIInterpreter.self, for: WSGIInterpreter.part) }
}
