internal import CPython
internal import PythonRuntime
internal import WSGICore
internal import WSGIWire

/// The binary stream below an `ErrorStream`. Writes lines to the log of its request, or of the request that runs on the
/// calling thread.
enum LogObject {
    /// The type of `raw`.
    static func makeType() -> Reference? {
        let yes: Method.Fast = { _, _, _ in unsafe Object.bool(true).retained.take() }
        let no: Method.Fast = { _, _, _ in unsafe Object.bool(false).retained.take() }
        let nothing: Method.Fast = { _, _, _ in unsafe Object.none.retained.take() }
        var type = unsafe HeapType(
            "mod_wsgi.Log", size: MemoryLayout<wsgi_log_object>.size,
            dealloc: { unsafe LogObject.deallocate($0) },
            methods: unsafe [
                Method("write") { unsafe LogObject.write($0, $1, $2) },
                unsafe Method("writelines") { unsafe LogObject.writeLines($0, $1, $2) },
                unsafe Method("flush") { object, _, _ in unsafe LogObject.flush(object) },
                Method("close", nothing), Method("isatty", no), Method("readable", no), unsafe Method("seekable", no),
                unsafe Method("writable", yes),
                unsafe Method("fileno") { _, _, _ in
                    unsafe PythonError.raise(WSGI_OS_ERROR, "a stream into the error log has no descriptor")
                },
            ])
        unsafe type.attributes([
            (
                "name",
                { object, _ in
                    let kind = unsafe ErrorStream.instance(object).flatMap {
                        unsafe ErrorStream.Kind(rawValue: $0.pointee.kind)
                    }
                    return unsafe PyUnicode_FromString((kind ?? .request).name.cString)
                }
            ),
            ("closed", { _, _ in unsafe Object.bool(false).retained.take() }),
            ("encoding", { _, _ in unsafe PyUnicode_FromString("utf-8") }),
            ("errors", { _, _ in unsafe PyUnicode_FromString("replace") }),
        ])
        return type.make()
    }

    private static func deallocate(_ object: PyPointer?) {
        guard let object = unsafe object, let log = unsafe ErrorStream.instance(object) else { return }
        if let pending = unsafe log.pointee.pending?.assumingMemoryBound(to: PendingLines.self) {
            // Lines that threads have not finished.
            unsafe ErrorLine.write(pending.pointee.takeAll(script: nil), to: .process)
            unsafe pending.deinitialize(count: 1)
            unsafe pending.deallocate()
        }
        unsafe wsgi_free_object(object)
    }

    private static func belongsToRequest(_ log: UnsafeMutablePointer<wsgi_log_object>) -> Bool {
        unsafe log.pointee.kind == ErrorStream.Kind.request.rawValue
            || log.pointee.kind == ErrorStream.Kind.hook.rawValue
    }

    /// The request that a stream currently writes for: its own, or that of the calling thread.
    private static func request(_ log: UnsafeMutablePointer<wsgi_log_object>) -> RequestContext? {
        if unsafe belongsToRequest(log) {
            return unsafe RequestContext(log.pointee.call?.assumingMemoryBound(to: RequestState.self))
        }
        return ThreadContext.runningRequest
    }

    private static func write(
        _ object: PyPointer?, _ arguments: UnsafePointer<PyPointer?>?, _ count: Int
    ) -> PyPointer? {
        guard count == 1, let data = unsafe Object(arguments?[0]) else {
            return unsafe PythonError.raise(WSGI_TYPE_ERROR, "write() takes one bytes-like object")
        }
        if data.isText {
            guard let encoded = unsafe Reference(PyUnicode_AsEncodedString(data.pointer, "utf-8", "replace")) else {
                return nil
            }
            let bytes = unsafe encoded.object.bytes
            return unsafe put(object, bytes) ? Python.integer(Int64(bytes.count))?.take() : nil
        }
        var view = unsafe Py_buffer()
        guard unsafe PyObject_GetBuffer(data.pointer, &view, PyBUF_SIMPLE) == 0 else { return nil }
        defer { unsafe PyBuffer_Release(&view) }
        let bytes = unsafe UnsafeRawBufferPointer(start: view.buf, count: view.len)
        return unsafe put(object, bytes) ? Python.integer(Int64(bytes.count))?.take() : nil
    }

    private static func writeLines(
        _ object: PyPointer?, _ arguments: UnsafePointer<PyPointer?>?, _ count: Int
    ) -> PyPointer? {
        guard count == 1, let lines = unsafe Object(arguments?[0]),
            let iterator = unsafe Reference(PyObject_GetIter(lines.pointer))
        else {
            return unsafe PythonError.occurred
                ? nil : PythonError.raise(WSGI_TYPE_ERROR, "writelines() takes one iterable")
        }
        while let line = unsafe Reference(PyIter_Next(iterator.object.pointer)) {
            var argument: PyPointer? = unsafe line.object.pointer
            guard unsafe Reference(write(object, &argument, 1)) != nil else { return nil }
        }
        return unsafe PythonError.occurred ? nil : Object.none.retained.take()
    }

    private static func put(_ object: PyPointer?, _ bytes: UnsafeRawBufferPointer) -> Bool {
        guard let log = unsafe ErrorStream.instance(object) else { return false }
        if let start = bytes.baseAddress {
            let hasLineEnd = unsafe wsgi_find_byte(start, UInt8(ascii: "\n"), bytes.count) != nil
            unsafe wsgi_note_line_end(hasLineEnd ? log : nil)
        }
        if let request = unsafe request(log) {
            unsafe request.writeLines(bytes)
            return true
        }
        guard unsafe !belongsToRequest(log) else {
            unsafe PythonError.raise(WSGI_RUNTIME_ERROR, "wsgi.errors was written to after the request has ended")
            return false
        }
        unsafe writeLines(bytes, log)
        return true
    }

    /// Writes outside any request. Releases the GIL to write.
    private static func writeLines(_ bytes: UnsafeRawBufferPointer?, _ log: UnsafeMutablePointer<wsgi_log_object>) {
        let records = unsafe pending(log).pointee.complete(bytes, script: nil)
        guard records.count > 0 else { return }
        Attachment.detached { ErrorLine.write(records, to: .process) }
    }

    private static func pending(_ log: UnsafeMutablePointer<wsgi_log_object>) -> UnsafeMutablePointer<PendingLines> {
        if let known = unsafe log.pointee.pending { return unsafe known.assumingMemoryBound(to: PendingLines.self) }
        let made = UnsafeMutablePointer<PendingLines>.allocate(capacity: 1)
        unsafe made.initialize(to: PendingLines())
        unsafe log.pointee.pending = UnsafeMutableRawPointer(made)
        return unsafe made
    }

    /// Writes partial lines as they are. Never fails, because late garbage collection flushes too.
    private static func flush(_ object: PyPointer?) -> PyPointer? {
        if let log = unsafe ErrorStream.instance(object) {
            // A line-buffering TextIOWrapper flushes after each line break. Text after the break is not to be flushed
            // yet.
            if unsafe wsgi_take_line_end(log) { return unsafe Object.none.retained.take() }
            if let request = unsafe request(log) {
                unsafe request.writeLines(nil)
            } else if unsafe log.pointee.pending != nil {
                unsafe writeLines(nil, log)
            }
        }
        return unsafe Object.none.retained.take()
    }
}
