internal import CPython
internal import PythonRuntime
internal import WSGIWire

/// Conversion of status and headers to `WSGIExchange.head`.
@safe struct HeadInMaking: ~Copyable {
    var bytes: ByteBuffer
    var declaredLength: Int64 = -1
    var status = -1
}

extension WSGICall {
    /// Whether the application has finished: calls of its other threads no longer belong to a response.
    var isOver: Bool {
        switch unsafe exchange.pointee.phase {
        case .complete, .failed: true
        case .waiting, .held, .sent: unsafe context.state.pointee.isEnding
        }
    }

    /// Checks status and headers and encodes them, to be sent before the first data. False with a Python exception set,
    /// or if another thread has sent the former head meanwhile.
    func hold(_ status: Object, _ headers: Object) -> Bool {
        var head = HeadInMaking(bytes: unsafe exchange.pointee.spare.take() ?? ByteBuffer(capacity: 1024))
        head.bytes.reset(keeping: 1 << 16)
        let isEncoded = encode(status, headers, into: &head)
        let phase = unsafe exchange.pointee.phase
        let mayHold = phase == .waiting || phase == .held
        if mayHold { unsafe exchange.pointee.phase = isEncoded ? .held : .waiting }
        if isEncoded && mayHold {
            unsafe swap(&exchange.pointee.head, &head.bytes)
            unsafe (exchange.pointee.status, exchange.pointee.declaredLength) = (head.status, head.declaredLength)
        }
        unsafe exchange.pointee.spare = consume head.bytes
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
