internal import CPython
internal import PythonRuntime
internal import WSGICore

/// Messages for an application that returns something other than an iterable of bytes. All members need the GIL.
extension WSGICall {
    /// Replaces the TypeError of a result that is not iterable with an explanation.
    func explainWrongResult(_ result: Object) {
        // An `__iter__` that raises has a traceback, which is more informative.
        guard PythonError.matches(WSGI_TYPE_ERROR), let original = PythonError.take() else { return }
        guard result.optionalAttribute("__iter__") == nil, result.optionalAttribute("__getitem__") == nil else {
            unsafe PyErr_SetObject(wsgi_exception(WSGI_TYPE_ERROR), original.object.pointer)
            return
        }
        PyErr_Clear()
        let advice =
            result.isNone
            ? "It returned None: a return statement may be missing."
            : "It returned an object of type \(result.typeName)."
        unsafe PythonError.raise(
            WSGI_TYPE_ERROR,
            text: "'\(result.typeName)' object is not iterable: \(culprit) must return an iterable of bytes, such as "
                + "[b'text']. \(advice)")
    }

    /// Raises for an item of the result that is not bytes.
    func raiseWrongItem(_ item: Object, of result: Object) {
        let advice: String
        if result.isText {
            advice = "It returned a str: return [text.encode()]."
        } else if result.isBytes {
            advice = "It returned bytes, whose items are int: return [data], a list."
        } else if item.isText {
            advice = "It returned an object of type \(result.typeName) with str in it: encode each, text.encode()."
        } else {
            advice = "It returned an object of type \(result.typeName)."
        }
        unsafe PythonError.raise(
            WSGI_TYPE_ERROR,
            text:
                "response iterable must yield bytes, not \(item.typeName): \(culprit) must return an iterable of bytes. "
                + advice)
    }

    private var culprit: String {
        unsafe "'\(Text.string(exchange.pointee.callable))' of the WSGI script '\(Text.string(context.state.pointee.script))'"
    }
}
