internal import CEngineABI
internal import CPython
internal import PythonRuntime

/// `mod_ssl.is_https` and `mod_ssl.var_lookup`: methods of an object that belongs to the call.
enum SSLVariables {
    /// The method `is_https`.
    static func isHTTPSMethod() -> UnsafeMutablePointer<PyMethodDef> {
        unsafe Method.table([Method("is_https") { unsafe SSLVariables.isHTTPS($0, $1, $2) }])
    }

    /// The method `var_lookup`.
    static func variableMethod() -> UnsafeMutablePointer<PyMethodDef> {
        unsafe Method.table([Method("var_lookup") { unsafe SSLVariables.variable($0, $1, $2) }])
    }

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
        // The bytes of a str and of a bytes object end with NUL. A NUL within would truncate the name.
        guard let start = name.baseAddress, unsafe wsgi_find_byte(start, 0, name.count) == nil else {
            return unsafe PythonError.raise(WSGI_VALUE_ERROR, "the name of a variable must not contain null characters")
        }
        let context = unsafe call.context.state.pointee.transport.pointee.context
        let function = unsafe call.exchange.pointee.functions.pointee.ssl_variable
        let text = unsafe start.assumingMemoryBound(to: CChar.self)
        let found = unsafe Attachment.detached { unsafe function?(context, text) }
        guard let found = unsafe found else { return unsafe Object.none.retained.take() }
        return unsafe PyUnicode_DecodeLatin1(found, wsgi_text_length(found), nil)
    }

    /// The call that a callable belongs to. `nil` with a Python exception set if it has ended or runs on another
    /// thread.
    private static func running(_ owner: PyPointer?) -> HookScriptCall? {
        guard let call = unsafe HookScriptCall.of(owner),
            unsafe ThreadContext.runningRequest?.state == call.context.state
        else {
            unsafe PythonError.raise(
                WSGI_RUNTIME_ERROR, "mod_ssl.* can be called only while the function that received it runs")
            return nil
        }
        return call
    }
}

extension HookScriptCall {
    /// Adds `mod_ssl.is_https` and `mod_ssl.var_lookup`; false: an exception is set.
    func addSSL(to environ: PyPointer) -> Bool {
        guard unsafe exchange.pointee.functions.pointee.is_https != nil else { return true }
        let objects = unsafe context.state.pointee.interpreter.hookObjects
        unsafe exchange.pointee.owner = context.makeObject(objects.pointee.type)
        guard let owner = unsafe exchange.pointee.owner,
            let isHTTPS = unsafe Reference(PyCFunction_NewEx(objects.pointee.methods.isHTTPS, owner, nil)),
            let variable = unsafe Reference(PyCFunction_NewEx(objects.pointee.methods.variable, owner, nil))
        else { return false }
        return unsafe PyDict_SetItem(environ, objects.pointee.keys.isHTTPS, isHTTPS.object.pointer) == 0
            && PyDict_SetItem(environ, objects.pointee.keys.variable, variable.object.pointer) == 0
    }
}
