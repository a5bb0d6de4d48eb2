internal import CPython
internal import PythonRuntime
internal import WSGICore

/// Hook scripts, as a part of the host.
enum HookScripts {
    /// Registers the part, so that each interpreter is prepared for hook scripts.
    static func register() {
        unsafe HookObjects.part = HostPart.register(prepare: prepare) { unsafe HookScriptCall.discard($0) }
    }

    private static func prepare(_ interpreter: Interpreter) -> Bool {
        guard let spec = unsafe ProcessState.current?.pointee.spec,
            let made = make(spec, applicationGroup: interpreter.text)
        else { return false }
        interpreter.keep(made, for: unsafe HookObjects.part)
        return true
    }

    /// Makes them in the interpreter that is attached; `nil` with a Python exception set.
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
            methods: (SSLVariables.isHTTPSMethod(), SSLVariables.variableMethod()), type: type.take())
    }
}
