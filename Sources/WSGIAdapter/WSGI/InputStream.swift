internal import CPython
internal import PythonRuntime

/// `wsgi.input`: the request body, from the bytes that came with the request or from the transport.
///
/// One operation runs at a time. Other threads of the application wait for their turn.
enum InputStream {
    /// The number of bytes to read at a time if the length is unknown.
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
        _ operation: (WSGICall, Int) -> PyPointer?
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
        defer { call.context.leave() }
        return unsafe call.measuringRead { unsafe operation(call, size) }
    }

    private static func begin(_ object: PyPointer?, _ name: StaticString) -> WSGICall? {
        guard let call = unsafe WSGICall.of(object), unsafe call.context.enter(for: object) else {
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
        defer { call.context.leave() }
        return unsafe call.measuringRead { unsafe fill(view, from: call) }
    }

    private static func fill(_ view: Py_buffer, from call: WSGICall) -> PyPointer? {
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
