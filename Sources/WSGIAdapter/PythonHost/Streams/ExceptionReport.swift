internal import CEngineABI
internal import CPython
internal import PythonRuntime
internal import WSGICore

/// Exceptions in the error log: a line that names the place, then the traceback, one record for each line.
enum ExceptionReport {
    /// Logs the exception that is set, and clears it. Needs the GIL, which is released while writing.
    static func log(_ id: LogID, _ text: String, in group: String? = nil, to target: LogTarget) {
        guard let exception = PythonError.take() else {
            Attachment.detached { target.write(WSGI_LOG_ERR, id, text) }
            return
        }
        log(exception.object, id, text, in: group, to: target)
    }

    /// Logs an exception. Needs the GIL, which is released while writing.
    ///
    /// - Parameter group: The application group in which it was raised. If that may be the reason, the log includes
    ///   advice.
    static func log(
        _ exception: Object, _ id: LogID, _ text: String, in group: String? = nil, to target: LogTarget
    ) {
        let lines = lines(of: exception)
        let advice = group.flatMap { InterpreterAdvice.text(for: lines, in: $0) }
        Attachment.detached {
            target.write(WSGI_LOG_ERR, id, text)
            for line in lines { target.write(WSGI_LOG_ERR, line) }
            if let advice { target.write(WSGI_LOG_ERR, .oneInterpreterOnly, advice) }
        }
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
        return withoutOwnFrames(lines)
    }

    /// Omits the frames of `PythonSource`, and the heading of a traceback without other frames.
    private static func withoutOwnFrames(_ lines: [String]) -> [String] {
        var kept: [String] = []
        for line in lines where !line.hasPrefix("  File \"<mod_wsgi>\"") {
            if kept.last == "Traceback (most recent call last):", !line.hasPrefix(" ") { kept.removeLast() }
            kept.append(line)
        }
        return kept
    }
}
