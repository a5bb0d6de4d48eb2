internal import CPython
internal import CSystem
internal import PythonRuntime
internal import WSGICore

/// What scripts that decide about a request find in their environ beside what httpd sends: one set in each interpreter.
///
/// References are owned, and live as long as the interpreter. Needs its GIL.
@safe struct HookObjects {
    /// A dict with the entries that never change; copied for each call.
    let constant: PyPointer
    /// The key of `apache.request_rec`, which embedded applications get as well.
    let requestRecord: PyPointer

    private let keys: (isHTTPS: PyPointer, variable: PyPointer)
    private let methods: (isHTTPS: UnsafeMutablePointer<PyMethodDef>, variable: UnsafeMutablePointer<PyMethodDef>)
    /// What the methods are bound to.
    private let type: PyPointer

    /// Makes them in the interpreter that is attached; `nil`: it has raised.
    static func make(_ spec: ProcessSpec, applicationGroup: String) -> HookObjects? {
        guard let constant = unsafe Reference(PyDict_New()),
            set(constant, "apache.version", Python.tuple(spec.httpdVersion)),
            set(constant, "mod_wsgi.version", Python.tuple(spec.moduleVersion)),
            set(constant, "mod_wsgi.process_group", Python.text(spec.processGroup)),
            set(constant, "mod_wsgi.application_group", Python.text(applicationGroup)),
            let record = Python.interned("apache.request_rec"), let isHTTPS = Python.interned("mod_ssl.is_https"),
            let variable = Python.interned("mod_ssl.var_lookup"),
            let type = unsafe HeapType(
                "mod_wsgi.Auth", size: MemoryLayout<wsgi_call_object>.size,
                dealloc: { unsafe $0.map { unsafe wsgi_free_object($0) } }, methods: []
            ).make()
        else { return nil }
        return unsafe HookObjects(
            constant: constant.take(), requestRecord: record.take(), keys: (isHTTPS.take(), variable.take()),
            methods: (
                Method.table([Method("is_https") { unsafe HookObjects.isHTTPS($0, $1, $2) }]),
                Method.table([Method("var_lookup") { unsafe HookObjects.variable($0, $1, $2) }])
            ), type: type.take())
    }

    /// Adds `mod_ssl.is_https` and `mod_ssl.var_lookup`; false: it has raised.
    func addSSL(to environ: PyPointer, for call: Call) -> Bool {
        guard unsafe call.state.pointee.functions?.pointee.is_https != nil else { return true }
        unsafe call.state.pointee.response = wsgi_new_call_object(typeObject(type))
        guard let owner = unsafe call.state.pointee.response, unsafe Call.attach(owner, call),
            let isHTTPS = unsafe Reference(PyCFunction_NewEx(methods.isHTTPS, owner, nil)),
            let variable = unsafe Reference(PyCFunction_NewEx(methods.variable, owner, nil))
        else { return false }
        return unsafe PyDict_SetItem(environ, keys.isHTTPS, isHTTPS.object.pointer) == 0
            && PyDict_SetItem(environ, keys.variable, variable.object.pointer) == 0
    }

    // MARK: - The callables

    private static func isHTTPS(
        _ owner: PyPointer?, _ arguments: UnsafePointer<PyPointer?>?, _ count: Int
    ) -> PyPointer? {
        guard count == 0 else { return unsafe PythonError.raise(WSGI_TYPE_ERROR, "is_https() takes no arguments") }
        guard let call = unsafe running(owner) else { return nil }
        let context = unsafe call.state.pointee.transport.pointee.context
        let function = unsafe call.state.pointee.functions?.pointee.is_https
        let answer = Attachment.detached { unsafe function?(context) ?? 0 }
        return unsafe Python.integer(Int64(answer))?.take()
    }

    private static func variable(
        _ owner: PyPointer?, _ arguments: UnsafePointer<PyPointer?>?, _ count: Int
    ) -> PyPointer? {
        guard count == 1, let name = unsafe Object(arguments?[0]), name.isText || name.isBytes else {
            return unsafe PythonError.raise(
                WSGI_TYPE_ERROR, "var_lookup() takes the name of a variable as str or bytes")
        }
        guard let call = unsafe running(owner) else { return nil }
        if name.isBytes { return unsafe variable(name.bytes, call) }
        return unsafe name.withLatin1 { unsafe variable($0, call) } ?? nil
    }

    private static func variable(_ name: UnsafeRawBufferPointer, _ call: Call) -> PyPointer? {
        // The bytes of a str and of a bytes object both end in a NUL; one within would cut the name short.
        guard let start = name.baseAddress, unsafe wsgi_find_byte(start, 0, name.count) == nil else {
            return unsafe PythonError.raise(WSGI_VALUE_ERROR, "the name of a variable has no null characters")
        }
        let context = unsafe call.state.pointee.transport.pointee.context
        let function = unsafe call.state.pointee.functions?.pointee.ssl_variable
        let text = unsafe start.assumingMemoryBound(to: CChar.self)
        let found = unsafe Attachment.detached { unsafe function?(context, text) }
        guard let found = unsafe found else { return unsafe Object.none.retained.take() }
        return unsafe PyUnicode_DecodeLatin1(found, wsgi_text_length(found), nil)
    }

    /// The call that a callable belongs to; `nil`, and raised: it is over, or runs on another thread.
    private static func running(_ owner: PyPointer?) -> Call? {
        guard let call = unsafe Call.of(owner), unsafe ThreadContext.runningCall?.state == call.state else {
            unsafe PythonError.raise(
                WSGI_RUNTIME_ERROR, "mod_ssl.* can be called only while the function that it was given to runs")
            return nil
        }
        return call
    }

    private static func set(
        _ dictionary: borrowing Reference, _ name: StaticString, _ value: consuming Reference?
    ) -> Bool {
        guard let value, let key = Python.interned(name) else { return false }
        return unsafe PyDict_SetItem(dictionary.object.pointer, key.object.pointer, value.object.pointer) == 0
    }
}

extension Call {
    /// Adds `apache.request_rec` where the script is to have it; false: it has raised.
    func addRequestRecord(to environ: PyPointer) -> Bool {
        guard let request = unsafe state.pointee.transport.pointee.request else { return true }
        guard let capsule = unsafe Reference(PyCapsule_New(request, nil, nil)) else { return false }
        let key = unsafe state.pointee.interpreter.state.pointee.hooks.requestRecord
        guard unsafe PyDict_SetItem(environ, key, capsule.object.pointer) == 0 else { return false }
        unsafe state.pointee.record = capsule.take()
        return true
    }

    /// Makes a capsule that somebody has kept refuse its pointer, which will lead nowhere.
    func withdrawRequestRecord() {
        guard let record = unsafe state.pointee.record else { return }
        unsafe state.pointee.record = nil
        let name: StaticString = "apache.request_rec of a request that has ended"
        if unsafe PyCapsule_SetName(record, name.cString) != 0 { PyErr_Clear() }
        unsafe Py_DecRef(record)
    }
}
