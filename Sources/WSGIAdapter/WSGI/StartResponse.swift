internal import CPython
internal import CSystem
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

    /// What `start_response` is made of.
    static func startResponseMethod() -> UnsafeMutablePointer<PyMethodDef> {
        unsafe Method.table([
            Method("start_response", keywords: { unsafe StartResponse.startResponse($0, $1, $2, $3) })
        ])
    }

    /// What the write callable is made of.
    static func writeMethod() -> UnsafeMutablePointer<PyMethodDef> {
        unsafe Method.table([Method("write", { unsafe StartResponse.write($0, $1, $2) })])
    }

    private static func startResponse(
        _ response: PyPointer?, _ arguments: UnsafePointer<PyPointer?>?, _ positional: Int, _ keywords: PyPointer?
    ) -> PyPointer? {
        guard let call = unsafe Call.of(response), let response = unsafe response else {
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
        if unsafe call.state.pointee.phase == .sent { return unsafe raiseAgain(exception) }
        if unsafe exception == nil && call.state.pointee.phase == .held {
            return unsafe PythonError.raise(
                WSGI_ASSERTION_ERROR, "start_response() was called again without exc_info (PEP 3333)")
        }
        guard call.hold(status, headers) else {
            // Not where another thread has sent the head meanwhile: nothing has raised yet.
            return unsafe PythonError.occurred ? nil : raiseAgain(exception)
        }
        return unsafe PyCFunction_NewEx(call.state.pointee.interpreter.state.pointee.write, response, nil)
    }

    private static func raiseEarly() -> PyPointer? {
        unsafe PythonError.raise(WSGI_RUNTIME_ERROR, "write() was called before start_response()")
    }

    /// Raises that the request has ended.
    static func raiseOver(_ function: StaticString) -> PyPointer? {
        unsafe PythonError.raise(WSGI_RUNTIME_ERROR, text: "\(function) was called after the request has ended")
    }

    /// PEP 3333: once the headers are sent, `start_response` with exc_info raises what it is told, and else an error.
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
        guard let call = unsafe Call.of(response) else {
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
        if unsafe call.state.pointee.phase == .waiting { return unsafe raiseEarly() }
        if call.isOver { return unsafe raiseOver("write()") }
        if unsafe call.send(data.bytes, flush: true, for: response) { return unsafe Object.none.retained.take() }
        if unsafe Call.of(response)?.state != call.state || call.isOver { return unsafe raiseOver("write()") }
        if unsafe call.state.pointee.phase == .waiting { return unsafe raiseEarly() }
        switch unsafe call.state.pointee.transportError {
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

/// Status and headers on their way to be `CallState.head`.
@safe struct HeadInMaking: ~Copyable {
    var bytes: ByteBuffer
    var declaredLength: Int64 = -1
    var status = -1
}

extension Call {
    /// Whether the application is done: what its other threads do now belongs to no response.
    var isOver: Bool {
        switch unsafe state.pointee.phase {
        case .complete, .failed: true
        case .waiting, .held, .sent: unsafe state.pointee.isEnding
        }
    }

    /// Checks status and headers and encodes them, to be sent before the first data. False: it has raised, or another
    /// thread has sent the former ones meanwhile.
    fileprivate func hold(_ status: Object, _ headers: Object) -> Bool {
        var head = HeadInMaking(bytes: unsafe state.pointee.spare.take() ?? ByteBuffer(capacity: 1024))
        head.bytes.reset(keeping: 1 << 16)
        let isEncoded = encode(status, headers, into: &head)
        let phase = unsafe state.pointee.phase
        let mayHold = phase == .waiting || phase == .held
        if mayHold { unsafe state.pointee.phase = isEncoded ? .held : .waiting }
        if isEncoded && mayHold {
            unsafe swap(&state.pointee.head, &head.bytes)
            unsafe (state.pointee.status, state.pointee.declaredLength) = (head.status, head.declaredLength)
        }
        unsafe state.pointee.spare = consume head.bytes
        return isEncoded && mayHold
    }

    private func encode(_ status: Object, _ headers: Object, into head: inout HeadInMaking) -> Bool {
        guard status.isText else {
            unsafe PythonError.raise(WSGI_TYPE_ERROR, text: "the response status must be str, not \(status.typeName)")
            return false
        }
        var code = -1
        var encoder: ResponseHeadEncoder?
        guard
            let _ = unsafe status.withLatin1({ line in
                guard line.count <= HeaderRules.longestStatus else { return }
                unsafe code = HeaderRules.statusCode(line) ?? -1
                if code >= 0 {
                    encoder = unsafe ResponseHeadEncoder(into: &head.bytes, status: code, statusLine: line)
                }
            })
        else { return false }
        guard var encoder else {
            unsafe PythonError.raise(
                WSGI_VALUE_ERROR,
                text:
                    "the response status \(status.representation) is not a code of three digits and a reason of at most 8 KiB"
            )
            return false
        }
        guard code >= 200 else {
            unsafe PythonError.raise(
                WSGI_VALUE_ERROR,
                text: "the response status \(status.representation) is not final: use wsgi.early_hints for 103")
            return false
        }
        for index in 0..<headers.count {
            guard let pair = headers.item(index), append(pair, to: &encoder, &head) else { return false }
        }
        encoder.setContentLength(head.declaredLength, into: &head.bytes)
        head.status = code
        return true
    }

    func append(_ pair: Object, to encoder: inout ResponseHeadEncoder, _ head: inout HeadInMaking) -> Bool {
        guard pair.isTuple else {
            unsafe PythonError.raise(WSGI_TYPE_ERROR, text: "each header must be a 2-tuple, not \(pair.typeName)")
            return false
        }
        guard pair.count == 2, let name = pair.item(0), let value = pair.item(1) else {
            unsafe PythonError.raise(
                WSGI_VALUE_ERROR, text: "each header must be a 2-tuple, got length \(pair.count): name and value")
            return false
        }
        guard name.isText, value.isText else {
            let (part, culprit) =
                name.isText
                ? ("value of the response header \(name.representation)", value) : ("name of a response header", name)
            unsafe PythonError.raise(
                WSGI_TYPE_ERROR, text: "the \(part) must be str, not \(culprit.typeName)")
            return false
        }
        var fault: HeaderRules.Fault?
        let done: Void?? = unsafe name.withLatin1 { nameBytes in
            unsafe value.withLatin1 { valueBytes in
                fault = unsafe encoder.header(
                    checking: nameBytes, value: valueBytes, declaredLength: &head.declaredLength,
                    into: &head.bytes)
            }
        }
        guard let done, done != nil else { return false }
        if let fault {
            unsafe PythonError.raise(WSGI_VALUE_ERROR, text: "\(fault.rawValue): \(name.representation)")
            return false
        }
        return true
    }
}
