internal import CEngineABI
internal import CPython
internal import PythonRuntime
internal import WSGIWire

/// Functions of the error log for the parts of the module that are written in Python.
///
/// They write with the context of the request that runs on the calling thread, otherwise to the log of the process.
enum LogFunctions {
    /// `log(text)`: a record at the level `info`. `nil` with a Python exception set.
    static func log() -> Reference? { unsafe Reference(PyCFunction_NewEx(methods.pointer, nil, nil)) }

    /// `write(level, text, path, line)`: a record for each line of the text, made at that place. `nil` with a Python exception set.
    static func write() -> Reference? { unsafe Reference(PyCFunction_NewEx(methods.pointer + 1, nil, nil)) }

    /// `is_logged(level)`: whether the log includes records of this level. `nil` with a Python exception set.
    static func isLogged() -> Reference? { unsafe Reference(PyCFunction_NewEx(methods.pointer + 2, nil, nil)) }

    @safe private struct Definitions: @unchecked Sendable {
        let pointer: UnsafeMutablePointer<PyMethodDef>
    }

    private static let methods = unsafe Definitions(
        pointer: Method.table([
            Method("log") { _, arguments, count in
                guard count == 1, let text = unsafe Object(arguments?[0]), text.isText else {
                    return unsafe PythonError.raise(WSGI_TYPE_ERROR, "log() takes a str")
                }
                return unsafe LogFunctions.write(WSGI_LOG_INFO, text, nil, 0)
            },
            unsafe Method("write") { _, arguments, count in
                guard count == 4, let level = unsafe LogFunctions.number(arguments?[0]).map({ wsgi_log_level($0) }),
                    let text = unsafe Object(arguments?[1]), text.isText, let path = unsafe Object(arguments?[2]),
                    let line = unsafe LogFunctions.number(arguments?[3])
                else {
                    return unsafe PythonError.raise(
                        WSGI_TYPE_ERROR, "write() takes a level, a text, and the path and line of its source")
                }
                return unsafe LogFunctions.write(level, text, path, line)
            },
            unsafe Method("is_logged") { _, arguments, count in
                guard count == 1, let level = unsafe LogFunctions.number(arguments?[0]) else {
                    return unsafe PythonError.raise(WSGI_TYPE_ERROR, "is_logged() takes a level")
                }
                return unsafe Object.bool(LogFunctions.isLogged(wsgi_log_level(level))).retained.take()
            },
        ]))

    private static func number(_ object: PyPointer?) -> UInt32? {
        guard let object = unsafe Object(object), object.isInteger else { return nil }
        let number = unsafe PyLong_AsLong(object.pointer)
        if PythonError.occurred { PyErr_Clear() }
        return UInt32(exactly: number)
    }

    private static func write(_ level: wsgi_log_level, _ text: Object, _ path: Object?, _ line: UInt32) -> PyPointer? {
        let records = text.text.split(separator: "\n").map(String.init)
        let source = path.map { $0.isText ? $0.text : "" } ?? ""
        let target = ThreadContext.runningRequest?.log ?? .process
        Attachment.detached {
            for record in records { target.write(level, record, from: source, line: Int32(clamping: line)) }
        }
        return unsafe Object.none.retained.take()
    }

    private static func isLogged(_ level: wsgi_log_level) -> Bool {
        let mostDetailed =
            unsafe ThreadContext.runningRequest?.state.pointee.flags.logLevel
            ?? ProcessState.current?.pointee.host.pointee.log_level?() ?? 0
        // 0: unknown.
        return mostDetailed == 0 || level.rawValue <= mostDetailed
    }
}
