internal import CEngineABI
internal import CPython
internal import PythonRuntime
internal import WSGIWire

/// `start_response` and the write callable: bound methods of an object that belongs to the request.
enum StartResponse {
    /// The type of that object.
    static func makeType() -> Reference? {
        unsafe HeapType(
            "mod_wsgi.Response", size: MemoryLayout<wsgi_call_object>.size,
            dealloc: { unsafe $0.map { unsafe wsgi_free_object($0) } }, methods: []
        ).make()
    }

    /// The method `start_response`.
    static func startResponseMethod() -> UnsafeMutablePointer<PyMethodDef> {
        unsafe Method.table([
            Method("start_response", keywords: { unsafe StartResponse.startResponse($0, $1, $2, $3) })
        ])
    }

    /// The write callable.
    static func writeMethod() -> UnsafeMutablePointer<PyMethodDef> {
        unsafe Method.table([Method("write", { unsafe StartResponse.write($0, $1, $2) })])
    }

    private static func startResponse(
        _ response: PyPointer?, _ arguments: UnsafePointer<PyPointer?>?, _ positional: Int, _ keywords: PyPointer?
    ) -> PyPointer? {
        guard let call = unsafe WSGICall.of(response), let response = unsafe response else {
            return unsafe raiseOver("start_response()")
        }
        var count = positional
        if let keywords = unsafe Object(keywords), keywords.count > 0 {
            guard positional == 2, keywords.count == 1, keywords.item(0)?.text == "exc_info" else {
                return unsafe PythonError.raise(WSGI_TYPE_ERROR, "start_response() takes no keywords but exc_info")
            }
            count = 3
        }
        guard count == 2 || count == 3, let arguments = unsafe arguments, let status = unsafe Object(arguments[0]),
            let headers = unsafe Object(arguments[1])
        else {
            let limit = count < 2 ? "at least 2" : "at most 3"
            return unsafe PythonError.raise(
                WSGI_TYPE_ERROR,
                text:
                    "start_response() takes \(limit) arguments (\(count) given): a status, a list of headers, and maybe "
                    + "exc_info")
        }
        guard headers.isList else {
            return unsafe PythonError.raise(
                WSGI_TYPE_ERROR,
                text: "start_response() argument 2 must be list, not \(headers.isNone ? "None" : headers.typeName)")
        }
        let information = unsafe count == 3 ? Object(arguments[2]) : nil
        let exception = information.flatMap { $0.isNone ? nil : $0 }
        if let exception, !exception.isTuple {
            return unsafe PythonError.raise(
                WSGI_RUNTIME_ERROR, "start_response() argument 'exc_info' must be a 3-tuple or None")
        }
        if call.isOver { return unsafe raiseOver("start_response()") }
        if call.hasSubscribers, !call.announceResponse(status, headers, exception) { return nil }
        if unsafe call.exchange.pointee.phase == .sent { return unsafe raiseAgain(exception) }
        if unsafe exception == nil && call.exchange.pointee.phase == .held {
            return unsafe PythonError.raise(
                WSGI_ASSERTION_ERROR, "start_response() was called again without exc_info (PEP 3333)")
        }
        guard call.hold(status, headers) else {
            // Not if another thread has sent the head meanwhile: no exception is set then.
            return unsafe PythonError.occurred ? nil : raiseAgain(exception)
        }
        return unsafe PyCFunction_NewEx(call.exchange.pointee.interpreter.pointee.write, response, nil)
    }

    private static func raiseEarly() -> PyPointer? {
        unsafe PythonError.raise(WSGI_RUNTIME_ERROR, "write() was called before start_response()")
    }

    /// Raises the exception for a request that has ended.
    static func raiseOver(_ function: StaticString) -> PyPointer? {
        unsafe PythonError.raise(WSGI_RUNTIME_ERROR, text: "\(function) was called after the request has ended")
    }

    /// PEP 3333: after the headers are sent, `start_response` raises the exception in exc_info, or an error without
    /// exc_info.
    private static func raiseAgain(_ exception: Object?) -> PyPointer? {
        guard let exception else {
            return unsafe PythonError.raise(
                WSGI_RUNTIME_ERROR, "start_response() was called again after the headers have been sent")
        }
        guard exception.count == 3, let type = exception.item(0), let value = exception.item(1),
            let traceback = exception.item(2)
        else {
            return unsafe PythonError.raise(
                WSGI_RUNTIME_ERROR, "start_response() argument 'exc_info' must be a 3-tuple or None")
        }
        unsafe PyErr_Restore(
            type.retained.take(), value.isNone ? nil : value.retained.take(),
            traceback.isNone ? nil : traceback.retained.take())
        return nil
    }

    private static func write(
        _ response: PyPointer?, _ arguments: UnsafePointer<PyPointer?>?, _ count: Int
    ) -> PyPointer? {
        guard let call = unsafe WSGICall.of(response) else {
            return unsafe raiseOver("write()")
        }
        guard count == 1, let data = unsafe Object(arguments?[0]) else {
            return unsafe PythonError.raise(
                WSGI_TYPE_ERROR, text: "write() takes exactly 1 argument (\(count) given)")
        }
        guard data.isBytes else {
            return unsafe PythonError.raise(
                WSGI_TYPE_ERROR, text: "write() argument must be bytes, not \(data.typeName)")
        }
        if unsafe call.exchange.pointee.phase == .waiting { return unsafe raiseEarly() }
        if call.isOver { return unsafe raiseOver("write()") }
        if unsafe call.send(data.bytes, flush: true, for: response) { return unsafe Object.none.retained.take() }
        if unsafe !call.context.owns(response) || call.isOver { return unsafe raiseOver("write()") }
        if unsafe call.exchange.pointee.phase == .waiting { return unsafe raiseEarly() }
        switch unsafe call.exchange.pointee.transportError {
        case WSGI_TRANSPORT_DISCONNECTED.rawValue:
            return unsafe PythonError.raise(WSGI_OS_ERROR, "mod_wsgi client connection closed")
        case WSGI_TRANSPORT_TIMEOUT.rawValue:
            return unsafe PythonError.raise(
                WSGI_OS_ERROR, "mod_wsgi failed to write response data: the client did not take it in time")
        default:
            return unsafe PythonError.raise(
                WSGI_OS_ERROR, "mod_wsgi failed to write response data: the connection broke")
        }
    }
}
