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
    /// The key `wsgi.errors`.
    let errors: PyPointer

    private let keys: (isHTTPS: PyPointer, variable: PyPointer)
    private let methods: (isHTTPS: UnsafeMutablePointer<PyMethodDef>, variable: UnsafeMutablePointer<PyMethodDef>)
    /// What the methods are bound to.
    private let type: PyPointer

    /// The index among the parts of the host.
    nonisolated(unsafe) private(set) static var part = 0

    /// Has each interpreter prepared for hook scripts.
    static func register() {
        unsafe part = HostPart.register(prepare: prepare) { unsafe HookScriptCall.discard($0) }
    }

    private static func prepare(_ interpreter: Interpreter) -> Bool {
        guard let spec = unsafe ProcessState.current?.pointee.spec,
            let made = make(spec, applicationGroup: interpreter.text)
        else { return false }
        interpreter.keep(made, for: unsafe part)
        return true
    }

    /// Makes them in the interpreter that is attached; `nil`: it has raised.
    private static func make(_ spec: ProcessSpec, applicationGroup: String) -> HookObjects? {
        guard let constant = unsafe Reference(PyDict_New()),
            constant.setItem("apache.version", Python.tuple(spec.httpdVersion)),
            constant.setItem("mod_wsgi.version", Python.tuple(spec.moduleVersion)),
            constant.setItem("mod_wsgi.process_group", Python.text(spec.processGroup)),
            constant.setItem("mod_wsgi.application_group", Python.text(applicationGroup)),
            let errors = Python.interned("wsgi.errors"), let isHTTPS = Python.interned("mod_ssl.is_https"),
            let variable = Python.interned("mod_ssl.var_lookup"),
            let type = unsafe HeapType(
                "mod_wsgi.Auth", size: MemoryLayout<wsgi_call_object>.size,
                dealloc: { unsafe $0.map { unsafe wsgi_free_object($0) } }, methods: []
            ).make()
        else { return nil }
        return unsafe HookObjects(
            constant: constant.take(), errors: errors.take(), keys: (isHTTPS.take(), variable.take()),
            methods: (
                Method.table([Method("is_https") { unsafe HookObjects.isHTTPS($0, $1, $2) }]),
                Method.table([Method("var_lookup") { unsafe HookObjects.variable($0, $1, $2) }])
            ), type: type.take())
    }

    /// Adds `mod_ssl.is_https` and `mod_ssl.var_lookup`; false: an exception is set.
    func addSSL(to environ: PyPointer, for call: HookScriptCall) -> Bool {
        guard unsafe call.exchange.pointee.functions.pointee.is_https != nil else { return true }
        unsafe call.exchange.pointee.owner = call.context.makeObject(type)
        guard let owner = unsafe call.exchange.pointee.owner,
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
        let context = unsafe call.context.state.pointee.transport.pointee.context
        let function = unsafe call.exchange.pointee.functions.pointee.is_https
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

    private static func variable(_ name: UnsafeRawBufferPointer, _ call: HookScriptCall) -> PyPointer? {
        // The bytes of a str and of a bytes object both end in a NUL; one within would cut the name short.
        guard let start = name.baseAddress, unsafe wsgi_find_byte(start, 0, name.count) == nil else {
            return unsafe PythonError.raise(WSGI_VALUE_ERROR, "the name of a variable has no null characters")
        }
        let context = unsafe call.context.state.pointee.transport.pointee.context
        let function = unsafe call.exchange.pointee.functions.pointee.ssl_variable
        let text = unsafe start.assumingMemoryBound(to: CChar.self)
        let found = unsafe Attachment.detached { unsafe function?(context, text) }
        guard let found = unsafe found else { return unsafe Object.none.retained.take() }
        return unsafe PyUnicode_DecodeLatin1(found, wsgi_text_length(found), nil)
    }

    /// The call that a callable belongs to; `nil`, and raised: it is over, or runs on another thread.
    private static func running(_ owner: PyPointer?) -> HookScriptCall? {
        guard let call = unsafe HookScriptCall.of(owner),
            unsafe ThreadContext.runningRequest?.state == call.context.state
        else {
            unsafe PythonError.raise(
                WSGI_RUNTIME_ERROR, "mod_ssl.* can be called only while the function that it was given to runs")
            return nil
        }
        return call
    }
}

extension Interpreter {
    /// What hook scripts find in this interpreter.
    var hookObjects: UnsafeMutablePointer<HookObjects> { unsafe kept(HookObjects.self, for: HookObjects.part) }
}
