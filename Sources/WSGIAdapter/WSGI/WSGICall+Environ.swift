internal import CPython
internal import PythonRuntime
internal import WSGIWire

extension WSGICall {
    /// The environ of the request: a plain dict, owned by the request alone; `nil` with a Python exception set.
    func makeEnviron(_ head: RequestHead, _ callable: PyPointer, _ entered: Int64) -> Reference? {
        let template = unsafe exchange.pointee.interpreter.pointee.environ
        guard let environ = entries(head, template) else { return nil }
        let dictionary = unsafe environ.object.pointer
        let isHTTPS = head.flags.contains(.https)
        guard let input = unsafe exchange.pointee.input, let errors = unsafe context.state.pointee.errors,
            unsafe set(.input, input, in: dictionary, template),
            unsafe set(.errors, errors.text, in: dictionary, template),
            let response = unsafe exchange.pointee.response,
            unsafe set(
                .earlyHints,
                owned: PyCFunction_NewEx(exchange.pointee.interpreter.pointee.earlyHints, response, nil),
                in: dictionary, template),
            unsafe set(.scheme, isHTTPS ? template.https : template.http, in: dictionary, template),
            unsafe set(.callable, callable, in: dictionary, template),
            unsafe set(.threadID, owned: PyLong_FromLong(context.state.pointee.thread), in: dictionary, template),
            unsafe set(.requestStart, time: head.requestStart, in: dictionary, template),
            unsafe set(.queueStart, time: head.queueStart, in: dictionary, template)
        else { return nil }
        let daemonStart = unsafe ProcessState.current?.pointee.isDaemon == true ? entered : 0
        guard unsafe set(.daemonStart, time: daemonStart, in: dictionary, template),
            unsafe set(.applicationStart, time: wsgi_wall_clock_microseconds(), in: dictionary, template),
            unsafe context.addRequestRecord(to: dictionary)
        else { return nil }
        return environ
    }

    /// A dict with the constant entries and those of the request.
    private func entries(_ head: RequestHead, _ template: EnvironTemplate) -> Reference? {
        let cache = unsafe context.state.pointee.interpreter.state.pointee.keys
        if let shape = unsafe exchange.pointee.interpreter.pointee.shapes.shape(head, template, cache) {
            return shape.environ(head, cache)
        }
        guard let environ = unsafe Reference(PyDict_Copy(template.constant)) else { return nil }
        var entries = EntryCursor(head)
        for _ in 0..<head.environCount {
            guard let entry = unsafe entries?.entry(),
                unsafe cache.set(unknown: entry.key, entry.value, in: environ.object.pointer)
            else { return nil }
        }
        return environ
    }

    private func set(
        _ key: EnvironKey, _ value: PyPointer, in dictionary: PyPointer, _ template: EnvironTemplate
    ) -> Bool {
        unsafe PyDict_SetItem(dictionary, template.keys[key.rawValue], value) == 0
    }

    private func set(
        _ key: EnvironKey, owned value: PyPointer?, in dictionary: PyPointer, _ template: EnvironTemplate
    ) -> Bool {
        guard let value = unsafe Reference(value) else { return false }
        return unsafe set(key, value.object.pointer, in: dictionary, template)
    }

    private func set(
        _ key: EnvironKey, time: Int64, in dictionary: PyPointer, _ template: EnvironTemplate
    ) -> Bool {
        unsafe set(key, owned: PyFloat_FromDouble(Double(time) / 1e6), in: dictionary, template)
    }
}
