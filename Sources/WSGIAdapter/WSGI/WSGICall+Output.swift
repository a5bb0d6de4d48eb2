internal import CEngineABI
internal import CPython
internal import PythonRuntime
internal import WSGICore
internal import WSGIWire

/// From the application's iterable to the transport.
extension WSGICall {
    /// The most body that is copied, so that the request needs the GIL only once.
    private static let mostDeferred = 64 << 10

    /// Sends the application's result and closes it. Returns the outcome.
    func deliver(_ result: consuming Reference) -> Int32 {
        let object = result.object
        if object.isExactList || object.isExactTuple { return deliverBlocks(object) }
        var outcome: Int32
        if unsafe object.isInstance(of: Object(exchange.pointee.interpreter.pointee.fileWrapper)),
            let sent = deliverFile(object)
        {
            outcome = sent
        } else {
            outcome = iterate(object)
        }
        close(object)
        if outcome == WSGI_OUTCOME_COMPLETE.rawValue { outcome = end() }
        return outcome
    }

    /// All blocks are present. Small ones are copied, and sent when Python has finished the request.
    private func deliverBlocks(_ blocks: Object) -> Int32 {
        var total = 0
        for index in 0..<blocks.count {
            guard let block = blocks.item(index), check(block, of: blocks) else { return failed() }
            total = unsafe total &+ block.bytes.count
        }
        if unsafe total > 0 && exchange.pointee.phase == .waiting { return end() }
        if total <= WSGICall.mostDeferred, unsafe exchange.pointee.phase == .held {
            for index in 0..<blocks.count {
                guard let bytes = unsafe blocks.item(index)?.bytes else { break }
                unsafe exchange.pointee.deferred.append(bytes)
                if unsafe !bytes.isEmpty { unsafe exchange.pointee.meter.writes &+= 1 }
            }
            return end()
        }
        var index = 0
        // The list may change while other threads have the GIL, so its length is read each time.
        while index < blocks.count, let block = blocks.item(index)?.retained {
            index += 1
            guard check(block.object, of: blocks) else { return failed() }
            guard unsafe send(block.object.bytes, flush: false) else { return unsent() }
        }
        return end()
    }

    private func iterate(_ iterable: Object) -> Int32 {
        guard let iterator = unsafe Reference(PyObject_GetIter(iterable.pointer)) else {
            explainWrongResult(iterable)
            return failed()
        }
        while let block = unsafe Reference(PyIter_Next(iterator.object.pointer)) {
            guard check(block.object, of: iterable), unsafe canSend(block.object.bytes) else { return failed() }
            guard unsafe send(block.object.bytes, flush: true) else { return unsent() }
        }
        return PythonError.occurred ? failed() : WSGI_OUTCOME_COMPLETE.rawValue
    }

    private func check(_ block: Object, of result: Object) -> Bool {
        if block.isBytes { return true }
        raiseWrongItem(block, of: result)
        return false
    }

    /// Whether there is a head to send before a block; false with a Python exception set if not.
    private func canSend(_ block: UnsafeRawBufferPointer) -> Bool {
        if unsafe block.isEmpty || exchange.pointee.phase != .waiting { return true }
        raiseNotStarted()
        return false
    }

    private func raiseNotStarted() {
        unsafe PythonError.raise(
            WSGI_RUNTIME_ERROR, "start_response() must be called before response content is produced")
    }

    /// The outcome if a block could not be sent: the transport has failed, or the head was removed by another thread,
    /// whose `start_response` has failed.
    private func unsent() -> Int32 {
        if unsafe exchange.pointee.transportError != 0 { return WSGI_OUTCOME_TRUNCATED.rawValue }
        raiseNotStarted()
        return failed()
    }

    /// Sends a block, and status and headers before the first one. Releases the GIL. Empty blocks are ignored.
    ///
    /// - Parameter object: The object of the request that the call came from; its request may end while the call waits.
    /// - Returns: False if the transport has failed, now or before, if there is no head, or if the request of `object`
    ///   has ended.
    func send(_ block: UnsafeRawBufferPointer, flush: Bool, for object: PyPointer? = nil) -> Bool {
        if unsafe block.isEmpty { return unsafe exchange.pointee.transportError == 0 }
        guard unsafe context.enter(for: object) else { return false }
        defer { context.leave() }
        if unsafe exchange.pointee.transportError != 0 { return false }
        let first = unsafe exchange.pointee.phase == .held
        guard unsafe first || exchange.pointee.phase == .sent else { return false }
        unsafe exchange.pointee.phase = .sent
        let length = take(block.count)
        unsafe exchange.pointee.meter.writes &+= 1
        let error: Int32 = measuringWrite {
            Attachment.detached {
                let transport = unsafe context.state.pointee.transport
                if first {
                    let error = sendHead()
                    if error != 0 { return error }
                }
                if length == 0 { return 0 }
                let start = unsafe block.baseAddress?.assumingMemoryBound(to: UInt8.self)
                return unsafe transport.pointee.send_data?(transport.pointee.context, start, length, flush ? 1 : 0) ?? 0
            }
        }
        if error != 0 { unsafe exchange.pointee.transportError = error }
        return error == 0
    }

    /// The number of bytes to send of a block of `count`: no more than declared, and none for HEAD.
    private func take(_ count: Int) -> Int {
        let declared = unsafe exchange.pointee.declaredLength
        guard declared >= 0 else {
            unsafe exchange.pointee.delivered &+= Int64(count)
            return count
        }
        let room = unsafe exchange.pointee.hasSentFile ? 0 : declared &- exchange.pointee.delivered
        let length = min(Int64(count), max(0, room))
        unsafe exchange.pointee.delivered &+= length
        unsafe exchange.pointee.excess &+= Int64(count) &- length
        // The length is in the headers. The client must not get the body.
        return unsafe context.state.pointee.flags.contains(.headersOnly) ? 0 : Int(truncatingIfNeeded: length)
    }

    /// Sends the head. Without the GIL.
    private func sendHead() -> Int32 {
        let transport = unsafe context.state.pointee.transport
        let head = unsafe exchange.pointee.head.bytes
        let start = unsafe head.baseAddress?.assumingMemoryBound(to: UInt8.self)
        return unsafe transport.pointee.send_head?(transport.pointee.context, start, head.count) ?? 0
    }

    /// Sends the head and the small body that were held back until the GIL was released. Without the GIL.
    func sendDeferred() -> Bool {
        let body = unsafe exchange.pointee.deferred.bytes
        let drops = unsafe context.state.pointee.flags.contains(.headersOnly) && exchange.pointee.declaredLength >= 0
        unsafe exchange.pointee.phase = .sent
        if sendHead() != 0 { return false }
        let length = unsafe Int(truncatingIfNeeded: min(Int64(body.count), exchange.pointee.delivered))
        if drops || length == 0 { return true }
        let transport = unsafe context.state.pointee.transport
        let start = unsafe body.baseAddress?.assumingMemoryBound(to: UInt8.self)
        return unsafe (transport.pointee.send_data?(transport.pointee.context, start, length, 0) ?? 0) == 0
    }

    /// The outcome after the application has returned everything.
    private func end() -> Int32 {
        if unsafe exchange.pointee.transportError != 0 { return WSGI_OUTCOME_TRUNCATED.rawValue }
        if unsafe exchange.pointee.phase == .waiting {
            unsafe PythonError.raise(
                WSGI_RUNTIME_ERROR,
                "start_response() must be called before response content is produced: the WSGI application did not call it"
            )
            return failed()
        }
        if unsafe exchange.pointee.phase == .held {
            unsafe _ = take(exchange.pointee.deferred.count)
            unsafe exchange.pointee.phase = .complete
        }
        let (declared, delivered, status) = unsafe (
            exchange.pointee.declaredLength, exchange.pointee.delivered, exchange.pointee.status
        )
        let hasBody =
            unsafe status >= 200 && status != 204 && status != 304
            && !context.state.pointee.flags.contains(.headersOnly)
        logExcess()
        // The module decides what that means: a filter may have changed the body.
        if hasBody && delivered < declared { return WSGI_OUTCOME_SHORT.rawValue }
        return WSGI_OUTCOME_COMPLETE.rawValue
    }

    /// Logs that the application has returned more than it declared.
    private func logExcess() {
        let (declared, excess) = unsafe (exchange.pointee.declaredLength, exchange.pointee.excess)
        guard excess > 0 else { return }
        let target = context.log
        let script = unsafe Text.string(context.state.pointee.script)
        let message =
            "The WSGI script '\(script)' declared a Content-Length of \(declared) and returned \(declared &+ excess) "
            + "bytes; the excess was not sent."
        Attachment.detached { target.write(WSGI_LOG_DEBUG, message) }
    }

    /// PEP 3333: close() is called at the end of the request, however it ended.
    private func close(_ result: Object) {
        if let close = result.optionalAttribute("close") {
            if close.object.call() != nil { return }
        } else if !PythonError.occurred {
            return
        }
        guard let exception = PythonError.take() else { return }
        ExceptionReport.log(
            exception.object, .applicationRaised, "Exception in close() of the response of \(context.label).",
            to: context.log)
        announceException(exception.object)
    }

    // MARK: - Files

    /// Sends a wrapped file by its descriptor; `nil`: it must be read instead.
    private func deliverFile(_ wrapper: Object) -> Int32? {
        guard unsafe exchange.pointee.phase == .held,
            let part = unsafe Object(exchange.pointee.interpreter.pointee.sendable).call(wrapper),
            part.object.isTuple, let descriptor = part.object.item(0), let start = part.object.item(1)
        else {
            PyErr_Clear()
            return nil
        }
        let (file, offset) = unsafe (PyLong_AsLong(descriptor.pointer), PyLong_AsLongLong(start.pointer))
        guard !PythonError.occurred, let file = Int32(exactly: file) else {
            PyErr_Clear()
            return nil
        }
        let size = wsgi_regular_file_size(file)
        guard size >= 0 else { return nil }
        // httpd may read it later, after the application has moved its own file position.
        let own = wsgi_reopen_file(file)
        guard own >= 0 else { return nil }
        defer { wsgi_close(own) }
        guard unsafe context.enter() else { return nil }
        defer { context.leave() }
        // Another thread may have written meanwhile.
        guard unsafe exchange.pointee.phase == .held else { return nil }
        let available = max(0, size &- offset)
        if unsafe exchange.pointee.declaredLength < 0 { declare(available) }
        let length = unsafe min(available, exchange.pointee.declaredLength)
        unsafe exchange.pointee.phase = .sent
        unsafe exchange.pointee.delivered = length
        unsafe exchange.pointee.hasSentFile = true
        let drops = unsafe context.state.pointee.flags.contains(.headersOnly) || length == 0
        unsafe exchange.pointee.meter.writes &+= 1
        let error: Int32 = measuringWrite {
            Attachment.detached {
                let error = sendHead()
                let transport = unsafe context.state.pointee.transport
                if error != 0 || drops { return error }
                return unsafe transport.pointee.send_file?(transport.pointee.context, own, offset, length) ?? 0
            }
        }
        if error != 0 { unsafe exchange.pointee.transportError = error }
        return error == 0 ? WSGI_OUTCOME_COMPLETE.rawValue : WSGI_OUTCOME_TRUNCATED.rawValue
    }
}

extension WSGICall {
    /// Adds a Content-Length to the head that is held back.
    private func declare(_ length: Int64) {
        let name: StaticString = "Content-Length"
        var digits = String(length)
        digits.withUTF8 { digits in
            unsafe exchange.pointee.head.append(UInt32(name.utf8CodeUnitCount))
            unsafe exchange.pointee.head.append(UInt32(digits.count))
            unsafe exchange.pointee.head.append(UnsafeRawPointer(name.utf8Start), name.utf8CodeUnitCount)
            unsafe exchange.pointee.head.append(UnsafeRawBufferPointer(digits))
        }
        let count = unsafe exchange.pointee.head.bytes.loadUnaligned(fromByteOffset: 2, as: UInt16.self)
        unsafe exchange.pointee.head.set(count &+ 1, at: 2)
        unsafe exchange.pointee.head.set(length, at: 8)
        unsafe exchange.pointee.declaredLength = length
    }
}
