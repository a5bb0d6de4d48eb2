public import CPython

/// Raising and catching. All members need the GIL.
public enum PythonError {
    /// Raises. Returns `nil`, the result of a function with a Python exception set.
    @discardableResult
    public static func raise(_ type: wsgi_exception, _ message: StaticString) -> PyPointer? {
        unsafe PyErr_SetString(wsgi_exception(type), message.cString)
        return nil
    }

    /// Raises with a formatted message.
    @discardableResult
    public static func raise(_ type: wsgi_exception, text: String) -> PyPointer? {
        unsafe text.withCString { unsafe PyErr_SetString(wsgi_exception(type), $0) }
        return nil
    }

    /// Whether an exception is set.
    public static var occurred: Bool { unsafe PyErr_Occurred() != nil }

    /// Whether the exception that is set is of `type`.
    public static func matches(_ type: wsgi_exception) -> Bool {
        unsafe PyErr_ExceptionMatches(wsgi_exception(type)) != 0
    }

    /// Returns and clears the exception that is set, with its traceback; `nil`: there is none.
    public static func take() -> Reference? {
        var type: PyPointer?
        var value: PyPointer?
        var traceback: PyPointer?
        unsafe PyErr_Fetch(&type, &value, &traceback)
        guard unsafe type != nil else { return nil }
        unsafe PyErr_NormalizeException(&type, &value, &traceback)
        if let value = unsafe value, let traceback = unsafe traceback {
            _ = unsafe PyException_SetTraceback(value, traceback)
        }
        unsafe Py_DecRef(type)
        unsafe Py_DecRef(traceback)
        return unsafe Reference(value)
    }
}
