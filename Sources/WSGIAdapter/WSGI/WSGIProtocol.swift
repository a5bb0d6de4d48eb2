internal import CPython
internal import PythonRuntime

/// WSGI (PEP 3333), as a part of the host.
enum WSGIProtocol {
    /// Registers the part, so that each interpreter is prepared for WSGI.
    static func register() {
        unsafe WSGIInterpreter.part = HostPart.register(prepare: prepare) { unsafe WSGICall.discard($0) }
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
            earlyHints: EarlyHints.method(), environ: environ, shapes: EnvironShapes.make(),
            fileWrapper: fileWrapper.take(), sendable: sendable)
        interpreter.keep(made, for: unsafe WSGIInterpreter.part)
        return true
    }
}
