internal import CPython
internal import PythonRuntime
internal import WSGIWire

/// `wsgi.early_hints`: a callable that sends a 103 response (RFC 8297) with the headers it is given.
///
/// The signature is that of gunicorn: a list of tuples of name and value. It may be called repeatedly.
enum EarlyHints {
    /// The implementation of the callable.
    static func method() -> UnsafeMutablePointer<PyMethodDef> {
        unsafe Method.table([Method("early_hints") { unsafe EarlyHints.send($0, $1, $2) }])
    }

    private static func send(
        _ response: PyPointer?, _ arguments: UnsafePointer<PyPointer?>?, _ count: Int
    ) -> PyPointer? {
        guard let call = unsafe WSGICall.of(response) else {
            return unsafe StartResponse.raiseOver("wsgi.early_hints()")
        }
        guard count == 1, let headers = unsafe Object(arguments?[0]), headers.isList else {
            return unsafe PythonError.raise(WSGI_TYPE_ERROR, "wsgi.early_hints() takes one list of headers")
        }
        guard call.mayHint else { return nil }
        guard unsafe call.sendHints(headers, of: response) else { return nil }
        return unsafe Object.none.retained.take()
    }
}
