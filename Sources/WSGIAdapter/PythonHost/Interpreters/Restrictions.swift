internal import CEngineABI
internal import CPython
internal import PythonRuntime
internal import WSGICore

/// Restrictions of applications: the standard streams, which belong to httpd, and signal handlers, which belong to the
/// process.
enum Restrictions {
    /// Applies them to the interpreter that is attached; false with a Python exception set.
    ///
    /// - Parameter keepsTerminal: `sys.stdin` is not changed, regardless of the setting.
    static func apply(_ spec: InterpreterSpec, keepsTerminal: Bool) -> Bool {
        let stdin = spec.restrictsStdin && !keepsTerminal
        let stdout = spec.restrictsStdout && !keepsTerminal
        guard stdin || stdout || spec.restrictsSignal else { return true }
        guard let names = PythonSource.restrictions.run() else { return false }
        if stdin, !call("restrict_stream", names, Python.text("stdin"), Python.text("WSGIRestrictStdin")) {
            return false
        }
        if stdout, !call("restrict_stream", names, Python.text("stdout"), Python.text("WSGIRestrictStdout")) {
            return false
        }
        guard spec.restrictsSignal else { return true }
        let log = unsafe Reference(PyCFunction_NewEx(logMethod.pointer, nil, nil))
        return call("restrict_signal", names, log, Object.none.retained)
    }

    private static func call(
        _ name: StaticString, _ names: borrowing PythonNames, _ one: consuming Reference?, _ two: consuming Reference?
    ) -> Bool {
        guard let one, let two, let function = names.object(name) else { return false }
        return function.call(one.object, two.object) != nil
    }

    // MARK: - A function that writes to the error log

    @safe private struct Definition: @unchecked Sendable {
        let pointer: UnsafeMutablePointer<PyMethodDef>
    }

    private static let logMethod = unsafe Definition(
        pointer: Method.table([Method("log") { unsafe Restrictions.log($0, $1, $2) }]))

    /// `log(text)`: a record at the level `info` for each line, with the context of the thread's current request.
    private static func log(
        _ module: PyPointer?, _ arguments: UnsafePointer<PyPointer?>?, _ count: Int
    ) -> PyPointer? {
        guard count == 1, let text = unsafe Object(arguments?[0]), text.isText else {
            return unsafe PythonError.raise(WSGI_TYPE_ERROR, "log() takes a str")
        }
        let lines = text.text.split(separator: "\n").map(String.init)
        let target = ThreadContext.runningRequest?.log ?? .process
        Attachment.detached { for line in lines { target.write(WSGI_LOG_INFO, line) } }
        return unsafe Object.none.retained.take()
    }
}
