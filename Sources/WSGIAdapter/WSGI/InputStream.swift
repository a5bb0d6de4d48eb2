internal import CPython
internal import CSystem
internal import PythonRuntime

/// `wsgi.input`: the request body, from the bytes that came with the request or from the transport.
///
/// One operation at a time: the application's other threads wait for their turn.
enum InputStream {
    /// The bytes asked for at a time when nobody knows how many there are.
    static let chunk = 64 << 10

    /// The type of `wsgi.input`.
    static func makeType() -> Reference? {
        var type = unsafe HeapType(
            "mod_wsgi.Input", size: MemoryLayout<wsgi_call_object>.size,
            dealloc: { unsafe $0.map { unsafe wsgi_free_object($0) } },
            methods: unsafe [
                Method("read") { object, arguments, count in
                    unsafe InputStream.perform(object, arguments, count, "read") { unsafe $0.read($1) }
                },
                unsafe Method("readline") { object, arguments, count in
                    unsafe InputStream.perform(object, arguments, count, "readline") { unsafe $0.readLine($1) }
                },
                unsafe Method("readlines") { object, arguments, count in
                    unsafe InputStream.perform(object, arguments, count, "readlines") { unsafe $0.readLines($1) }
                },
                unsafe Method("readinto") { unsafe InputStream.readInto($0, $1, $2) },
                unsafe Method("close") { _, _, _ in unsafe Object.none.retained.take() },
            ])
        unsafe type.iterates { object in
            let line = unsafe InputStream.perform(object, nil, 0, "__next__") { unsafe $0.readLine($1) }
            guard let line = unsafe line, unsafe PyBytes_Size(line) == 0 else { return unsafe line }
            unsafe Py_DecRef(line)
            return nil
        }
        return type.make()
    }

    /// Runs an operation that takes at most one size: absent, None and negative mean "all".
    private static func perform(
        _ object: PyPointer?, _ arguments: UnsafePointer<PyPointer?>?, _ count: Int, _ name: StaticString,
        _ operation: (Call, Int) -> PyPointer?
    ) -> PyPointer? {
        guard count <= 1 else {
            return unsafe PythonError.raise(WSGI_TYPE_ERROR, text: "\(name)() takes at most one argument")
        }
        var size = -1
        if count == 1, let argument = unsafe Object(arguments?[0]), !argument.isNone {
            size = unsafe PyNumber_AsSsize_t(argument.pointer, nil)
            if size == -1 && PythonError.occurred { return nil }
        }
        guard let call = unsafe begin(object, name) else { return nil }
        defer { call.leave() }
        return unsafe operation(call, size)
    }

    private static func begin(_ object: PyPointer?, _ name: StaticString) -> Call? {
        guard let call = unsafe Call.of(object), unsafe call.enter(for: object) else {
            unsafe PythonError.raise(
                WSGI_RUNTIME_ERROR, text: "wsgi.input.\(name)() was called after the request has ended")
            return nil
        }
        return call
    }

    private static func readInto(
        _ object: PyPointer?, _ arguments: UnsafePointer<PyPointer?>?, _ count: Int
    ) -> PyPointer? {
        guard count == 1, let target = unsafe Object(arguments?[0]) else {
            return unsafe PythonError.raise(WSGI_TYPE_ERROR, "readinto() takes one buffer")
        }
        var view = unsafe Py_buffer()
        guard unsafe PyObject_GetBuffer(target.pointer, &view, PyBUF_WRITABLE) == 0 else { return nil }
        defer { unsafe PyBuffer_Release(&view) }
        guard let call = unsafe begin(object, "readinto") else { return nil }
        defer { call.leave() }
        var filled = 0
        while unsafe filled < view.len, let start = unsafe view.buf?.assumingMemoryBound(to: UInt8.self) {
            let got = unsafe call.fetch(start + filled, view.len &- filled)
            if got < 0 { return nil }
            if got == 0 { break }
            filled += got
        }
        return unsafe Python.integer(Int64(filled))?.take()
    }
}

extension Call {
    /// Up to `size` bytes, fewer only at the end; all of them when `size` is negative.
    fileprivate func read(_ size: Int) -> PyPointer? {
        let wanted = size < 0 ? Int.max : size
        let here = unsafe state.pointee.windowCount
        if unsafe wanted <= here || state.pointee.bodyPhase == .ended {
            return unsafe takeWindow(min(wanted, here))
        }
        var gathered = unsafe Gathering(limit: wanted, expected: state.pointee.bodyLength)
        while gathered.count < wanted {
            if gathered.isAsExpected {
                // Most bodies end here; the bytes become the result as they are then.
                var next: UInt8 = 0
                let got = unsafe fetch(&next, 1)
                if got < 0 { return nil }
                if got == 0 { break }
                guard unsafe gathered.append(&next, 1) else { return unsafe PyErr_NoMemory() }
                continue
            }
            guard let place = unsafe gathered.room() else { return unsafe PyErr_NoMemory() }
            let got = unsafe fetch(place.start, place.count)
            if got < 0 { return nil }
            if got == 0 { break }
            gathered.count += got
        }
        return unsafe gathered.bytes()
    }

    /// The bytes to the next line break, at most `size` unless that is negative.
    fileprivate func readLine(_ size: Int) -> PyPointer? {
        let wanted = size < 0 ? Int.max : size
        var gathered = Gathering(limit: wanted, expected: 0)
        while gathered.count < wanted {
            if unsafe state.pointee.windowCount == 0 {
                let got = refill()
                if got < 0 { return nil }
                if got == 0 { break }
            }
            guard let start = unsafe state.pointee.window else { break }
            var length = unsafe min(state.pointee.windowCount, wanted &- gathered.count)
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

    /// Lines, until they are at least `hint` bytes if that is positive.
    fileprivate func readLines(_ hint: Int) -> PyPointer? {
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
        let bytes = unsafe Python.bytes(UnsafeRawBufferPointer(start: state.pointee.window, count: count))
        advance(count)
        return unsafe bytes?.take()
    }

    private func advance(_ count: Int) {
        unsafe state.pointee.windowCount &-= count
        unsafe state.pointee.window = unsafe state.pointee.window.map { unsafe $0 + count }
    }

    /// Makes more bytes wait in the window: their count, 0 at the end, negative when it has raised.
    private func refill() -> Int {
        let storage = unsafe state.pointee.storage ?? UnsafeMutablePointer<UInt8>.allocate(capacity: InputStream.chunk)
        unsafe state.pointee.storage = unsafe storage
        let got = unsafe fetch(storage, InputStream.chunk)
        guard got > 0 else { return got }
        unsafe state.pointee.window = unsafe UnsafePointer(storage)
        unsafe state.pointee.windowCount = got
        return got
    }

    /// Puts up to `capacity` bytes into `place`: what waits in the window, or what the transport gives. Releases the GIL.
    ///
    /// - Returns: The count, 0 at the end, negative when it has raised.
    fileprivate func fetch(_ place: UnsafeMutablePointer<UInt8>, _ capacity: Int) -> Int {
        if let window = unsafe state.pointee.window, unsafe state.pointee.windowCount > 0 {
            let count = unsafe min(capacity, state.pointee.windowCount)
            unsafe place.update(from: window, count: count)
            advance(count)
            return count
        }
        switch unsafe state.pointee.bodyPhase {
        case .ended: return 0
        case .failed:
            unsafe PythonError.raise(
                WSGI_OS_ERROR, "mod_wsgi request data read error: the stream is already in error state")
            return -1
        case .open: break
        }
        let got: Int64 = Attachment.detached {
            let transport = unsafe state.pointee.transport
            return unsafe transport.pointee.read_body?(transport.pointee.context, place, capacity) ?? 0
        }
        if got > 0 { return Int(truncatingIfNeeded: min(got, Int64(capacity))) }
        unsafe state.pointee.bodyPhase = got == 0 ? .ended : .failed
        if got == 0 { return 0 }
        let error = Int32(truncatingIfNeeded: got)
        unsafe state.pointee.bodyError = error
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

/// Memory for bytes of unknown number: as many as the request declares, up to 16 MiB, and then as many as arrive; never as
/// many as were asked for. Needs the GIL.
@safe private struct Gathering: ~Copyable {
    var count = 0
    private let limit: Int
    private var capacity: Int
    /// A bytes object of `capacity`, as many as there will probably be: the result, if it gets full.
    private var object: PyPointer?
    /// The memory where it was outgrown.
    private var memory: UnsafeMutablePointer<UInt8>?

    /// The longest body whose declared length is believed. Memory that is not written to costs nothing.
    private static let mostExpected = 16 << 20

    init(limit: Int, expected: Int64) {
        self.limit = limit
        let hint = expected > 0 && expected <= Self.mostExpected ? Int(expected) : InputStream.chunk
        capacity = max(min(limit, hint), 1)
    }

    deinit {
        unsafe PyMem_Free(memory)
        unsafe Py_DecRef(object)
    }

    /// Whether there are as many bytes as were expected, and no memory has been made for more.
    var isAsExpected: Bool { unsafe object != nil && count == capacity }

    /// Where the next bytes go, at least one; `nil`: no memory.
    mutating func room() -> (start: UnsafeMutablePointer<UInt8>, count: Int)? {
        if unsafe memory == nil, unsafe object == nil {
            unsafe object = PyBytes_FromStringAndSize(nil, capacity)
        } else if count == capacity {
            guard grow(to: min(limit, capacity &* 2)) else { return nil }
        }
        guard let start = unsafe start else { return nil }
        return unsafe (start + count, capacity &- count)
    }

    /// Appends bytes; false: no memory.
    mutating func append(_ start: UnsafePointer<UInt8>, _ length: Int) -> Bool {
        let isEmpty = unsafe memory == nil && object == nil
        if capacity &- count < length || isEmpty {
            // No more than `limit`: the room that is left is read into.
            let wanted = max(isEmpty ? capacity : capacity &* 2, count &+ length)
            guard grow(to: max(min(limit, wanted), count &+ length)) else { return false }
        }
        guard let place = unsafe self.start else { return false }
        unsafe (place + count).update(from: start, count: length)
        count &+= length
        return true
    }

    private var start: UnsafeMutablePointer<UInt8>? {
        if let memory = unsafe memory { return unsafe memory }
        guard let object = unsafe object, let text = unsafe PyBytes_AsString(object) else { return nil }
        return unsafe UnsafeMutableRawPointer(text).assumingMemoryBound(to: UInt8.self)
    }

    /// Makes room in memory of its own; false: there is none.
    private mutating func grow(to wanted: Int) -> Bool {
        let former = unsafe memory == nil ? start : nil
        guard let grown = unsafe PyMem_Realloc(memory, wanted) else { return false }
        unsafe memory = grown.assumingMemoryBound(to: UInt8.self)
        capacity = wanted
        guard let former = unsafe former else { return true }
        unsafe memory?.update(from: former, count: count)
        unsafe Py_DecRef(object)
        unsafe object = nil
        return true
    }

    /// What was gathered, as bytes.
    mutating func bytes() -> PyPointer? {
        if isAsExpected, let whole = unsafe object {
            unsafe object = nil
            return unsafe whole
        }
        return unsafe Python.bytes(UnsafeRawBufferPointer(start: start, count: count))?.take()
    }
}
