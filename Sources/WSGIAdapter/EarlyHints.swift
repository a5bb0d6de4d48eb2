internal import CPython
internal import CSystem
internal import PythonRuntime
internal import WSGIWire

/// `wsgi.early_hints`: a callable that sends a 103 response (RFC 8297) with the headers it is given.
///
/// Its signature is that of gunicorn: a list of tuples of name and value. It may be called several times.
enum EarlyHints {
    /// What the callable is made of.
    static func method() -> UnsafeMutablePointer<PyMethodDef> {
        unsafe Method.table([Method("early_hints") { unsafe EarlyHints.send($0, $1, $2) }])
    }

    private static func send(
        _ response: PyPointer?, _ arguments: UnsafePointer<PyPointer?>?, _ count: Int
    ) -> PyPointer? {
        guard let call = unsafe Call.of(response) else {
            return unsafe PythonError.raise(
                WSGI_RUNTIME_ERROR, "wsgi.early_hints() was called after the request has ended")
        }
        guard count == 1, let headers = unsafe Object(arguments?[0]), headers.isList else {
            return unsafe PythonError.raise(WSGI_TYPE_ERROR, "wsgi.early_hints() takes one list of headers")
        }
        if unsafe call.state.pointee.phase == .sent {
            return unsafe PythonError.raise(
                WSGI_RUNTIME_ERROR, "wsgi.early_hints() was called after the headers have been sent")
        }
        guard unsafe call.sendHints(headers, of: response) else { return nil }
        return unsafe Object.none.retained.take()
    }
}

extension Call {
    /// Sends an interim response; false: it has raised. Releases the GIL.
    fileprivate func sendHints(_ headers: Object, of response: PyPointer?) -> Bool {
        guard let head = encodeHints(headers) else { return false }
        guard unsafe enter(for: response) else {
            unsafe PythonError.raise(WSGI_RUNTIME_ERROR, "wsgi.early_hints() was called after the request has ended")
            return false
        }
        defer { leave() }
        let error: Int32 = Attachment.detached {
            let transport = unsafe state.pointee.transport
            let bytes = unsafe head.bytes
            return unsafe transport.pointee.send_hints?(
                transport.pointee.context, bytes.baseAddress?.assumingMemoryBound(to: UInt8.self), bytes.count) ?? 0
        }
        guard error != 0 else { return true }
        unsafe PythonError.raise(WSGI_OS_ERROR, "mod_wsgi client connection closed")
        return false
    }

    /// The encoded head of an interim response; `nil`: it has raised.
    private func encodeHints(_ headers: Object) -> ByteBuffer? {
        // Headers are encoded into the head of the response, which waits meanwhile.
        var head = ByteBuffer(capacity: 256)
        let declared = unsafe state.pointee.declaredLength
        unsafe swap(&head, &state.pointee.head)
        unsafe state.pointee.declaredLength = -1
        let line: StaticString = "103 Early Hints"
        var encoder = unsafe ResponseHeadEncoder(
            into: &state.pointee.head, status: 103,
            statusLine: UnsafeRawBufferPointer(start: line.utf8Start, count: line.utf8CodeUnitCount))
        var isDone = true
        for index in 0..<headers.count where isDone {
            isDone = headers.item(index).map { append($0, to: &encoder) } ?? false
        }
        let hasLength = unsafe state.pointee.declaredLength >= 0
        unsafe swap(&head, &state.pointee.head)
        unsafe state.pointee.declaredLength = declared
        if isDone && hasLength {
            unsafe PythonError.raise(WSGI_VALUE_ERROR, "an interim response has no Content-Length")
            return nil
        }
        guard isDone else { return nil }
        return head
    }
}
