internal import CEngineABI
internal import CPython
internal import PythonRuntime
internal import WSGICore
internal import WSGIWire

/// The state of one call of a hook script.
@safe struct HookExchange {
    /// Receives the texts of the results, and implements `mod_ssl.*`. Valid while the call runs.
    var functions: UnsafePointer<wsgi_call_functions>
    /// The object whose methods are `mod_ssl.*`, owned.
    var owner: PyPointer?
}

/// One call of a hook script, for access, authentication, groups or dispatch. Read `ask` first. All members need the
/// GIL.
@safe struct HookScriptCall {
    let context: RequestContext
    let exchange: UnsafeMutablePointer<HookExchange>

    private init(_ context: RequestContext, _ exchange: UnsafeMutablePointer<HookExchange>) {
        self.context = context
        unsafe self.exchange = exchange
    }

    /// Begins a call.
    private init(_ context: RequestContext, _ functions: UnsafePointer<wsgi_call_functions>) {
        self.context = context
        if let kept = unsafe context.state.pointee.parts[HookObjects.part] {
            unsafe exchange = kept.assumingMemoryBound(to: HookExchange.self)
            unsafe exchange.pointee.functions = unsafe functions
        } else {
            unsafe exchange = .allocate(capacity: 1)
            unsafe exchange.initialize(to: HookExchange(functions: functions, owner: nil))
            unsafe context.state.pointee.parts[HookObjects.part] = UnsafeMutableRawPointer(exchange)
        }
    }

    /// The call that the owner of `mod_ssl.*` belongs to; `nil`: it has ended.
    static func of(_ owner: PyPointer?) -> HookScriptCall? {
        guard let context = unsafe RequestContext.of(owner),
            let exchange = unsafe context.state.pointee.parts[HookObjects.part]
        else { return nil }
        return unsafe HookScriptCall(context, exchange.assumingMemoryBound(to: HookExchange.self))
    }

    /// Frees an exchange whose thread has ended.
    static func discard(_ exchange: UnsafeMutableRawPointer) {
        unsafe exchange.assumingMemoryBound(to: HookExchange.self).deallocate()
    }

    /// Runs one call; see `Adapter.call`. Without the GIL.
    static func run(
        _ head: UnsafeRawBufferPointer, _ transport: UnsafePointer<wsgi_transport>,
        _ functions: UnsafePointer<wsgi_call_functions>, _ calls: UnsafeMutableBufferPointer<wsgi_function_call>
    ) {
        for index in calls.indices { unsafe calls[index].result = WSGI_RESULT_FAILED.rawValue }
        guard unsafe ProcessState.current != nil, let thread = ThreadContext.current else { return }
        guard let request = unsafe try? RequestHead(head) else {
            unsafe LogTarget.transport(transport).write(WSGI_LOG_ERR, "The request head cannot be decoded.")
            return
        }
        guard let attachment = unsafe thread.attach(request.applicationGroup) else {
            unsafe thread.logNotAttached(request, transport)
            return
        }
        let call = unsafe HookScriptCall(thread.push(attachment, request, transport), functions)
        unsafe call.callFunctions(calls, request)
        unsafe PyEval_SaveThread()
        call.context.endLines()
        thread.pop(call.context)
    }

    /// Loads the script if necessary and calls its functions in order, with one environ.
    private func callFunctions(_ calls: UnsafeMutableBufferPointer<wsgi_function_call>, _ head: RequestHead) {
        let script = unsafe context.state.pointee.interpreter.scripts.pointee.table.entry(head.script)
        // `reload_required` is not called: the request is for another script.
        guard context.prepare(script, head, asksScript: false) == nil,
            // Retained: while a function runs, another thread may reload the script.
            let namespace = unsafe Object(script.state.pointee.namespace)?.retained
        else { return }
        defer { finish() }
        guard let environ = makeHookEnviron(head), let before = unsafe Reference(PyDict_Copy(environ.object.pointer))
        else {
            logRaised()
            return
        }
        for index in calls.indices {
            let answer = unsafe callFunction(index, calls[index], script, namespace.object, environ.object)
            unsafe calls[index].result = answer.rawValue
            if answer == WSGI_RESULT_FAILED || answer == WSGI_RESULT_WRONG { return }
        }
        reportAdded(environ.object, before.object)
    }

    private func finish() {
        context.beginEnd()
        unsafe RequestContext.release(&exchange.pointee.owner)
        context.completeEnd()
    }

    /// Calls one function; an exception is logged.
    private func callFunction(
        _ index: Int, _ functionCall: wsgi_function_call, _ script: Script, _ namespace: Object, _ environ: Object
    ) -> wsgi_result {
        let name = unsafe UnsafeRawBufferPointer(
            start: functionCall.function.start, count: functionCall.function.length)
        guard let text = unsafe script.name(name) else { return logged() }
        guard let function = unsafe Object(PyDict_GetItemWithError(namespace.pointer, text))?.retained else {
            return PythonError.occurred ? logged() : WSGI_RESULT_MISSING
        }
        guard let result = unsafe call(function.object, environ, functionCall),
            let answer = unsafe judge(result.object, index, functionCall.kinds)
        else { return logged() }
        return answer
    }

    private func logged() -> wsgi_result {
        logRaised()
        return WSGI_RESULT_FAILED
    }

    private func logRaised() {
        if let exception = PythonError.take() { _ = context.logRaised(exception.object) }
    }

    private func call(_ function: Object, _ environ: Object, _ functionCall: wsgi_function_call) -> Reference? {
        guard let arguments = unsafe Reference(PyTuple_New(1 + functionCall.argument_count)) else { return nil }
        unsafe _ = PyTuple_SetItem(arguments.object.pointer, 0, environ.retained.take())
        for index in unsafe 0..<functionCall.argument_count {
            guard let text = unsafe functionCall.arguments?[index] else { return nil }
            let bytes = unsafe UnsafeRawBufferPointer(start: text.start, count: text.length)
            let value = unsafe text.start == nil ? Object.none.retained : Python.text(latin1: bytes)
            guard let value else { return nil }
            unsafe _ = PyTuple_SetItem(arguments.object.pointer, index + 1, value.take())
        }
        return unsafe Reference(PyObject_CallObject(function.pointer, arguments.object.pointer))
    }

    // MARK: - Results

    /// The kind of a result; `nil` with a Python exception set if it cannot be inspected.
    private func judge(_ result: Object, _ index: Int, _ kinds: UInt32) -> wsgi_result? {
        func isAccepted(_ kind: wsgi_result_kinds) -> Bool { kinds & kind.rawValue != 0 }
        let isUTF8 = isAccepted(WSGI_KIND_UTF8)
        if result.isNone, isAccepted(WSGI_KIND_NONE) { return WSGI_RESULT_NONE }
        if isAccepted(WSGI_KIND_BOOL) {
            if unsafe result.pointer == Object.bool(true).pointer { return WSGI_RESULT_TRUE }
            if unsafe result.pointer == Object.bool(false).pointer { return WSGI_RESULT_FALSE }
        }
        if result.isText && isAccepted(WSGI_KIND_STR) || result.isBytes && isAccepted(WSGI_KIND_BYTES) {
            return send(result, index, isUTF8: isUTF8)
        }
        guard isAccepted(WSGI_KIND_ITEMS), !result.isText, !result.isBytes else {
            return wrong(result.typeName, index)
        }
        return items(of: result, index, isUTF8: isUTF8)
    }

    private func items(of result: Object, _ index: Int, isUTF8: Bool) -> wsgi_result? {
        guard let iterator = unsafe Reference(PyObject_GetIter(result.pointer)) else {
            guard PythonError.matches(WSGI_TYPE_ERROR) else { return nil }
            PyErr_Clear()
            return wrong(result.typeName, index)
        }
        while let item = unsafe Reference(PyIter_Next(iterator.object.pointer)) {
            guard item.object.isText || item.object.isBytes else {
                return wrong("\(result.typeName) with \(item.object.typeName) in it", index)
            }
            guard let sent = send(item.object, index, isUTF8: isUTF8) else { return nil }
            guard sent == WSGI_RESULT_TEXT else { return sent }
        }
        return PythonError.occurred ? nil : WSGI_RESULT_ITEMS
    }

    /// Passes on a text; `nil` with a Python exception set.
    private func send(_ value: Object, _ index: Int, isUTF8: Bool) -> wsgi_result? {
        if value.isBytes { return unsafe send(value.bytes, index) }
        // A str from an environ is latin-1 and is passed on as its original bytes.
        if !isUTF8, let sent = unsafe value.withLatin1({ unsafe send($0, index) }) { return sent }
        PyErr_Clear()
        guard let encoded = unsafe Reference(PyUnicode_AsUTF8String(value.pointer)) else { return nil }
        return unsafe send(encoded.object.bytes, index)
    }

    private func send(_ bytes: UnsafeRawBufferPointer, _ index: Int) -> wsgi_result {
        guard let start = bytes.baseAddress, unsafe wsgi_find_byte(start, 0, bytes.count) == nil else {
            return wrong("text with a null character", index)
        }
        unsafe exchange.pointee.functions.pointee.answer_text?(
            context.state.pointee.transport.pointee.context, index, start.assumingMemoryBound(to: UInt8.self),
            bytes.count)
        return WSGI_RESULT_TEXT
    }

    private func wrong(_ type: String, _ index: Int) -> wsgi_result {
        var type = type
        type.withUTF8 { name in
            unsafe exchange.pointee.functions.pointee.answer_text?(
                context.state.pointee.transport.pointee.context, index, name.baseAddress, name.count)
        }
        return WSGI_RESULT_WRONG
    }

    // MARK: - The environ

    /// A dict with the entries of the request and the objects for hook scripts; `nil` with a Python exception set.
    private func makeHookEnviron(_ head: RequestHead) -> Reference? {
        let interpreter = unsafe context.state.pointee.interpreter
        let hooks = unsafe interpreter.hookObjects
        guard context.makeErrors(.hook), let errors = unsafe context.state.pointee.errors,
            let environ = unsafe Reference(PyDict_Copy(hooks.pointee.constant)),
            unsafe addEntries(of: head, to: environ.object.pointer, interpreter.state.pointee.keys),
            unsafe PyDict_SetItem(environ.object.pointer, hooks.pointee.errors, errors.text) == 0,
            unsafe addSSL(to: environ.object.pointer),
            unsafe context.addRequestRecord(to: environ.object.pointer)
        else { return nil }
        return environ
    }

    private func addEntries(of head: RequestHead, to environ: PyPointer, _ cache: KeyCache) -> Bool {
        var entries = EntryCursor(head)
        for _ in 0..<head.environCount {
            guard let entry = unsafe entries?.entry() else { return false }
            guard let cached = unsafe cache.find(entry.key) else {
                guard unsafe cache.set(unknown: entry.key, entry.value, in: environ) else { return false }
                continue
            }
            if let known = unsafe cache.known(cached, entry.value) {
                guard unsafe PyDict_SetItem(environ, cached.pointee.key, known) == 0 else { return false }
            } else {
                guard unsafe cache.set(cached, new: entry.value, in: environ) else { return false }
            }
        }
        return true
    }

    /// Passes on the entries that the functions have added. Both key and value must be str. Keys with a dot belong to
    /// frameworks and are left out.
    private func reportAdded(_ environ: Object, _ before: Object) {
        guard unsafe PyDict_Size(environ.pointer) != PyDict_Size(before.pointer) else { return }
        var position = 0
        var key: PyPointer?
        var value: PyPointer?
        while unsafe PyDict_Next(environ.pointer, &position, &key, &value) != 0 {
            guard let name = unsafe Object(key), let text = unsafe Object(value), name.isExactText, text.isText,
                unsafe PyDict_GetItemWithError(before.pointer, name.pointer) == nil
            else { continue }
            reportEntry(name, text)
        }
        PyErr_Clear()
    }

    private func reportEntry(_ name: Object, _ value: Object) {
        let context = unsafe context.state.pointee.transport.pointee.context
        guard let function = unsafe exchange.pointee.functions.pointee.added_entry else { return }
        _ = unsafe name.withLatin1 { name in
            guard unsafe HookScriptCall.isVariableName(name) else { return }
            _ = unsafe value.withLatin1 { value in
                guard let start = value.baseAddress, unsafe wsgi_find_byte(start, 0, value.count) == nil else { return }
                unsafe function(
                    context,
                    wsgi_text(start: name.baseAddress?.assumingMemoryBound(to: UInt8.self), length: name.count),
                    wsgi_text(start: start.assumingMemoryBound(to: UInt8.self), length: value.count))
            }
        }
        // httpd's environment variables cannot hold characters outside latin-1.
        PyErr_Clear()
    }

    private static func isVariableName(_ name: UnsafeRawBufferPointer) -> Bool {
        guard let start = name.baseAddress, name.count > 0 else { return false }
        return unsafe wsgi_find_byte(start, 0, name.count) == nil
            && wsgi_find_byte(start, UInt8(ascii: "."), name.count) == nil
            && wsgi_find_byte(start, UInt8(ascii: "="), name.count) == nil
    }
}
