internal import CPython
internal import PythonRuntime
internal import WSGICore

extension Interpreter {
    /// Prepares the attached interpreter; `nil` with a Python exception set.
    static func make(name: String, _ spec: InterpreterSpec, hasOwnGIL: Bool) -> Interpreter? {
        guard let process = unsafe ProcessState.current, let interpreter = unsafe PyInterpreterState_Get(),
            let functions = unsafe InterpreterFunctions.make(spec, home: process.pointee.spec.home),
            let io = Python.module("io"), let textStream = io.object.attribute("TextIOWrapper"),
            let logType = LogObject.makeType(), let record = Python.interned("apache.request_rec"),
            let timeout = unsafe Reference(
                PyErr_NewException("mod_wsgi.RequestTimeout", wsgi_exception(WSGI_BASE_EXCEPTION), nil))
        else { return nil }
        var copy = name
        let bytes = copy.withUTF8 { unsafe Text.immortal(UnsafeRawBufferPointer($0)) }
        let state = UnsafeMutablePointer<InterpreterState>.allocate(capacity: 1)
        let parts = unsafe UnsafeMutablePointer<UnsafeMutableRawPointer>.allocate(capacity: HostPart.all.count)
        // Each part stores its state there in `prepare`, if it has any.
        unsafe parts.initialize(repeating: UnsafeMutableRawPointer(state), count: HostPart.all.count)
        unsafe state.initialize(
            to: InterpreterState(
                name: bytes, interpreter: interpreter, hasOwnGIL: hasOwnGIL, functions: functions,
                logType: logType.take(), textStream: textStream.take(), timeout: timeout.take(),
                requestRecord: record.take(), keys: KeyCache.make(), parts: parts,
                firstActive: nil, activeRequests: nil))
        let made = unsafe Interpreter(state: state)
        for part in unsafe HostPart.all where !part.prepare(made) { return nil }
        let keepsTerminal = unsafe process.pointee.spec.keepsTerminal
        guard made.replaceStreams(keepsTerminal: keepsTerminal),
            Restrictions.apply(spec, keepsTerminal: keepsTerminal),
            ChildProcesses.prepare(isEmbedded: unsafe process.pointee.spec.worker == nil)
        else { return nil }
        return made
    }

    /// Replaces `sys.stdout` and `sys.stderr` with streams into the error log.
    private func replaceStreams(keepsTerminal: Bool) -> Bool {
        guard let errors = ErrorStream.make(self, kind: .standardError),
            unsafe PySys_SetObject("stderr", errors.text) == 0
        else { return false }
        guard !keepsTerminal else { return true }
        guard let output = ErrorStream.make(self, kind: .standardOutput) else { return false }
        return unsafe PySys_SetObject("stdout", output.text) == 0
    }
}
