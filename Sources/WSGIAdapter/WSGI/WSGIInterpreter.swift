internal import CPython
internal import PythonRuntime

/// What WSGI keeps for each interpreter: its types, its functions, the environ's template.
///
/// References are owned, and live as long as the interpreter.
@safe struct WSGIInterpreter {
    let inputType: PyPointer
    let responseType: PyPointer
    let startResponse: UnsafeMutablePointer<PyMethodDef>
    let write: UnsafeMutablePointer<PyMethodDef>
    let earlyHints: UnsafeMutablePointer<PyMethodDef>
    let environ: EnvironTemplate
    /// `wsgi.file_wrapper`, and what tells whether the file can be sent by its descriptor.
    let fileWrapper: PyPointer
    let sendable: PyPointer

    /// The index among the parts of the host.
    nonisolated(unsafe) private(set) static var part = 0

    /// Has each interpreter prepared for WSGI.
    static func register() {
        unsafe part = HostPart.register(prepare: prepare) { unsafe WSGICall.discard($0) }
    }

    private static func prepare(_ interpreter: Interpreter) -> Bool {
        guard let spec = unsafe ProcessState.current?.pointee.spec, let names = PythonSource.fileWrapper.run(),
            let fileWrapper = names.object("FileWrapper")?.retained, let sendable = unsafe names.take("sendable"),
            let module = Python.module("mod_wsgi"), module.object.set("FileWrapper", fileWrapper),
            let inputType = InputStream.makeType(), let responseType = StartResponse.makeType(),
            let environ = EnvironTemplate.make(
                spec, applicationGroup: interpreter.text, fileWrapper: fileWrapper.object)
        else { return false }
        let made = unsafe WSGIInterpreter(
            inputType: inputType.take(), responseType: responseType.take(),
            startResponse: StartResponse.startResponseMethod(), write: StartResponse.writeMethod(),
            earlyHints: EarlyHints.method(), environ: environ, fileWrapper: fileWrapper.take(), sendable: sendable)
        interpreter.keep(made, for: unsafe part)
        return true
    }
}

extension Interpreter {
    /// What WSGI keeps for this interpreter.
    var wsgi: UnsafeMutablePointer<WSGIInterpreter> { unsafe kept(WSGIInterpreter.self, for: WSGIInterpreter.part) }
}
