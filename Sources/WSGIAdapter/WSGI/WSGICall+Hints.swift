internal import CEngineABI
internal import CPython
internal import PythonRuntime
internal import WSGIWire

extension WSGICall {
    /// Whether the head has not been sent; false with a Python exception set if it has.
    var mayHint: Bool {
        if isOver {
            unsafe _ = StartResponse.raiseOver("wsgi.early_hints()")
            return false
        }
        guard unsafe exchange.pointee.phase == .sent else { return true }
        unsafe PythonError.raise(
            WSGI_RUNTIME_ERROR, "wsgi.early_hints() was called after the headers have been sent")
        return false
    }

    /// Sends an interim response; false with a Python exception set. Releases the GIL.
    func sendHints(_ headers: Object, of response: PyPointer?) -> Bool {
        guard let head = encodeHints(headers) else { return false }
        let (count, size) = unsafe (exchange.pointee.hints &+ 1, exchange.pointee.hintBytes &+ head.count)
        guard count <= AnswerOrder.mostHints, size <= AnswerOrder.mostHintBytes else {
            unsafe PythonError.raise(
                WSGI_RUNTIME_ERROR,
                text: "wsgi.early_hints() was called more than \(AnswerOrder.mostHints) times, or with more than "
                    + "\(AnswerOrder.mostHintBytes >> 20) MiB")
            return false
        }
        unsafe exchange.pointee.hints = count
        unsafe exchange.pointee.hintBytes = size
        guard unsafe context.enter(for: response) else {
            unsafe _ = StartResponse.raiseOver("wsgi.early_hints()")
            return false
        }
        defer { context.leave() }
        // Another thread may have sent the head meanwhile.
        guard mayHint else { return false }
        let error: Int32 = Attachment.detached {
            let transport = unsafe context.state.pointee.transport
            let bytes = unsafe head.bytes
            return unsafe transport.pointee.send_hints?(
                transport.pointee.context, bytes.baseAddress?.assumingMemoryBound(to: UInt8.self), bytes.count) ?? 0
        }
        guard error != 0 else { return true }
        unsafe PythonError.raise(WSGI_OS_ERROR, "mod_wsgi client connection closed")
        return false
    }

    /// The encoded head of an interim response; `nil` with a Python exception set.
    private func encodeHints(_ headers: Object) -> ByteBuffer? {
        var head = HeadInMaking(bytes: ByteBuffer(capacity: 256))
        let line: StaticString = "103 Early Hints"
        var encoder = unsafe ResponseHeadEncoder(
            into: &head.bytes, status: 103,
            statusLine: UnsafeRawBufferPointer(start: line.utf8Start, count: line.utf8CodeUnitCount))
        for index in 0..<headers.count {
            guard let pair = headers.item(index), append(pair, to: &encoder, &head) else { return nil }
        }
        if head.declaredLength >= 0 {
            unsafe PythonError.raise(WSGI_VALUE_ERROR, "an interim response must not have a Content-Length")
            return nil
        }
        return head.bytes
    }
}
