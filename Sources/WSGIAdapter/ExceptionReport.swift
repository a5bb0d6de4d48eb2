internal import CPython
internal import CSystem
internal import PythonRuntime
internal import WSGICore

/// Exceptions in the error log: a line that says where, then the traceback, one record for each of its lines.
enum ExceptionReport {
    /// Logs the exception that is set, and clears it. Needs the GIL, which is released while writing.
    static func log(_ id: LogID, _ text: String, to target: LogTarget) {
        guard let exception = PythonError.take() else {
            Attachment.detached { target.write(WSGI_LOG_ERR, id, text) }
            return
        }
        log(exception.object, id, text, to: target)
    }

    /// Logs an exception. Needs the GIL, which is released while writing.
    ///
    /// - Parameter interpreter: The interpreter of the script; `nil`: it has nothing to do with what was raised.
    static func log(
        _ exception: Object, _ id: LogID, _ text: String, to target: LogTarget, in interpreter: Interpreter? = nil
    ) {
        let lines = lines(of: exception)
        let advice = interpreter.flatMap { self.advice(for: lines, in: $0) }
        Attachment.detached {
            target.write(WSGI_LOG_ERR, id, text)
            for line in lines { target.write(WSGI_LOG_ERR, line) }
            if let advice { target.write(WSGI_LOG_ERR, .mainInterpreterNeeded, advice) }
        }
    }

    /// What extension modules say that work in Python's main interpreter only: PyO3, numpy, gevent and greenlet, Cython,
    /// and CPython itself.
    private static let subinterpreterTexts = [
        "do not yet support subinterpreters", "does not support loading in subinterpreters",
        "cannot load module more than once per process", "can only be loaded into one interpreter",
        "may only be initialized once per interpreter process", "Interpreter change detected", "only be loaded once",
        "not support subinterpreters", "not supported in subinterpreters", "not supported within subinterpreters",
    ]

    /// The line that helps, when an extension module refuses to work in a sub-interpreter.
    private static func advice(for lines: [String], in interpreter: Interpreter) -> String? {
        guard !interpreter.text.isEmpty,
            lines.contains(where: { line in subinterpreterTexts.contains { line.contains($0) } })
        else { return nil }
        let group = unsafe ProcessState.current?.pointee.spec.processGroup ?? ""
        let option = group.isEmpty ? "" : "process-group=\(group) "
        return
            "An extension module works in Python's main interpreter only, and this application runs in the application "
            + "group '\(interpreter.text)'. Add \(option)application-group=%{GLOBAL} to its WSGIScriptAlias, or write "
            + "WSGIApplicationGroup %{GLOBAL} where it is configured. Give other applications of the same process group one "
            + "of their own: WSGIDaemonProcess and process-group=."
    }

    private static func lines(of exception: Object) -> [String] {
        guard let traceback = Python.module("traceback"), let format = traceback.object.attribute("format_exception"),
            let parts = format.object.call(exception)
        else {
            PyErr_Clear()
            return ["\(exception.typeName) (its traceback cannot be formatted)"]
        }
        var text = ""
        for index in 0..<parts.object.count { text += parts.object.item(index)?.text ?? "" }
        var lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        while lines.last == "" { lines.removeLast() }
        return lines
    }
}

extension ExceptionReport {
    /// Where something happened, for messages.
    static func place(_ interpreter: Interpreter) -> String {
        let group = unsafe ProcessState.current?.pointee.spec.processGroup ?? ""
        return "(process group '\(group)', application group '\(interpreter.text)')"
    }
}
