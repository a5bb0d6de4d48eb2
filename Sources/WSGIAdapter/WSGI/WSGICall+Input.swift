internal import CEngineABI
internal import CPython
internal import PythonRuntime
internal import WSGIWire

extension WSGICall {
    /// Up to `size` bytes, fewer only at the end; all if `size` is negative.
    func read(_ size: Int) -> PyPointer? {
        let wanted = size < 0 ? Int.max : size
        let here = unsafe exchange.pointee.windowCount
        if unsafe wanted <= here || exchange.pointee.bodyPhase == .ended {
            return unsafe takeWindow(min(wanted, here))
        }
        var gathered = unsafe Gathering(limit: wanted, expected: exchange.pointee.bodyLength)
        while gathered.count < wanted {
            if gathered.isAsExpected {
                // Most bodies end here, and the bytes become the result without a copy.
                var next: UInt8 = 0
                let got = unsafe fetch(&next, 1)
                if got < 0 { return nil }
                if got == 0 { break }
                guard unsafe gathered.append(&next, 1) else { return unsafe PyErr_NoMemory() }
                continue
            }
            guard let room = unsafe gathered.room() else { return unsafe PyErr_NoMemory() }
            let got = unsafe fetch(room.start, room.count)
            if got < 0 { return nil }
            if got == 0 { break }
            gathered.count += got
        }
        return unsafe gathered.bytes()
    }

    /// The bytes up to the next line break, at most `size` unless that is negative.
    func readLine(_ size: Int) -> PyPointer? {
        let wanted = size < 0 ? Int.max : size
        var gathered = Gathering(limit: wanted, expected: 0)
        while gathered.count < wanted {
            if unsafe exchange.pointee.windowCount == 0 {
                let got = refill()
                if got < 0 { return nil }
                if got == 0 { break }
            }
            guard let start = unsafe exchange.pointee.window else { break }
            var length = unsafe min(exchange.pointee.windowCount, wanted &- gathered.count)
            var isComplete = false
            if let end = unsafe wsgi_find_byte(start, UInt8(ascii: "\n"), length) {
                length = unsafe end - UnsafeRawPointer(start) &+ 1
                isComplete = true
            }
            if gathered.count == 0, isComplete || length == wanted { return unsafe takeWindow(length) }
            guard unsafe gathered.append(start, length) else { return unsafe PyErr_NoMemory() }
            advance(length)
            if isComplete { break }
        }
        return unsafe gathered.bytes()
    }

    /// Lines, at least `hint` bytes in total if that is positive.
    func readLines(_ hint: Int) -> PyPointer? {
        guard let list = unsafe Reference(PyList_New(0)) else { return nil }
        var total = 0
        while let line = unsafe Reference(readLine(-1)) {
            let count = unsafe line.object.bytes.count
            if count == 0 { return unsafe list.take() }
            guard unsafe PyList_Append(list.object.pointer, line.object.pointer) == 0 else { return nil }
            total = total &+ count
            if hint > 0 && total >= hint { return unsafe list.take() }
        }
        return nil
    }

    private func takeWindow(_ count: Int) -> PyPointer? {
        let bytes = unsafe Python.bytes(UnsafeRawBufferPointer(start: exchange.pointee.window, count: count))
        advance(count)
        return unsafe bytes?.take()
    }

    private func advance(_ count: Int) {
        unsafe exchange.pointee.meter.bytesRead &+= Int64(count)
        unsafe exchange.pointee.windowCount &-= count
        unsafe exchange.pointee.window = unsafe exchange.pointee.window.map { unsafe $0 + count }
    }

    /// Fills the window; the number of bytes in it, 0 at the end of the body, negative with a Python exception set.
    private func refill() -> Int {
        let storage =
            unsafe exchange.pointee.storage ?? UnsafeMutablePointer<UInt8>.allocate(capacity: InputStream.chunk)
        unsafe exchange.pointee.storage = unsafe storage
        let got = unsafe fetch(storage, InputStream.chunk)
        guard got > 0 else { return got }
        unsafe exchange.pointee.window = unsafe UnsafePointer(storage)
        unsafe exchange.pointee.windowCount = got
        return got
    }

    /// Reads up to `capacity` bytes into `target`, from the window or from the transport. Releases the GIL.
    ///
    /// - Returns: The count, 0 at the end, negative with a Python exception set.
    func fetch(_ target: UnsafeMutablePointer<UInt8>, _ capacity: Int) -> Int {
        if let window = unsafe exchange.pointee.window, unsafe exchange.pointee.windowCount > 0 {
            let count = unsafe min(capacity, exchange.pointee.windowCount)
            unsafe target.update(from: window, count: count)
            advance(count)
            return count
        }
        switch unsafe exchange.pointee.bodyPhase {
        case .ended: return 0
        case .failed:
            unsafe PythonError.raise(
                WSGI_OS_ERROR, "mod_wsgi request data read error: the stream is already in error state")
            return -1
        case .open: break
        }
        let got: Int64 = Attachment.detached {
            let transport = unsafe context.state.pointee.transport
            return unsafe transport.pointee.read_body?(transport.pointee.context, target, capacity) ?? 0
        }
        if got > 0 {
            // What goes into the window counts when it is read from there.
            if unsafe target != exchange.pointee.storage { unsafe exchange.pointee.meter.bytesRead &+= got }
            return Int(truncatingIfNeeded: min(got, Int64(capacity)))
        }
        unsafe exchange.pointee.bodyPhase = got == 0 ? .ended : .failed
        if got == 0 { return 0 }
        let error = Int32(truncatingIfNeeded: got)
        unsafe exchange.pointee.bodyError = error
        unsafe PythonError.raise(WSGI_OS_ERROR, text: "mod_wsgi request data read error: \(reason(error))")
        return -1
    }

    private func reason(_ error: Int32) -> StaticString {
        switch error {
        case WSGI_TRANSPORT_DISCONNECTED.rawValue: "the connection was terminated"
        case WSGI_TRANSPORT_TIMEOUT.rawValue: "the client did not send the data in time"
        case WSGI_TRANSPORT_TOO_LARGE.rawValue: "the request body is larger than LimitRequestBody allows"
        case WSGI_TRANSPORT_INVALID.rawValue: "the request body is malformed"
        default: "the data could not be read"
        }
    }
}
