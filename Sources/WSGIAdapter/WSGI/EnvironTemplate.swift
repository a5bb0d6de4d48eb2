internal import CPython
internal import PythonRuntime
internal import WSGICore
internal import WSGIWire

/// Keys that every environ gets beside what httpd sends.
enum EnvironKey: Int, CaseIterable {
    case input, errors, earlyHints, scheme, threadID, callable, requestStart, queueStart, daemonStart, applicationStart

    var text: StaticString {
        switch self {
        case .input: "wsgi.input"
        case .errors: "wsgi.errors"
        case .earlyHints: "wsgi.early_hints"
        case .scheme: "wsgi.url_scheme"
        case .threadID: "mod_wsgi.thread_id"
        case .callable: "mod_wsgi.callable_object"
        case .requestStart: "mod_wsgi.request_start"
        case .queueStart: "mod_wsgi.queue_start"
        case .daemonStart: "mod_wsgi.daemon_start"
        case .applicationStart: "mod_wsgi.application_start"
        }
    }
}

/// What is the same in every environ of an interpreter, and the str objects that come back again and again.
///
/// References are owned, and live as long as the interpreter.
@safe struct EnvironTemplate {
    /// A dict with the entries that never change; copied for each request.
    let constant: PyPointer
    let keys: UnsafeMutablePointer<PyPointer>
    let http: PyPointer
    let https: PyPointer
    let cache: KeyCache
    let shapes: EnvironShapes

    /// Makes the template in the interpreter that is attached; `nil`: it has raised.
    static func make(_ spec: ProcessSpec, applicationGroup: String, fileWrapper: Object) -> EnvironTemplate? {
        guard let constant = unsafe Reference(PyDict_New()),
            set(constant, "wsgi.version", Python.tuple([1, 0])),
            set(constant, "wsgi.input_terminated", Object.bool(true).retained),
            set(constant, "wsgi.file_wrapper", fileWrapper.retained),
            set(constant, "wsgi.multithread", Object.bool(spec.isMultithreaded).retained),
            set(constant, "wsgi.multiprocess", Object.bool(spec.isMultiprocess).retained),
            set(constant, "wsgi.run_once", Object.bool(spec.isRunOnce).retained),
            set(constant, "apache.version", Python.tuple(spec.httpdVersion)),
            set(constant, "mod_wsgi.version", Python.tuple(spec.moduleVersion)),
            set(constant, "mod_wsgi.process_group", Python.text(spec.processGroup)),
            set(constant, "mod_wsgi.application_group", Python.text(applicationGroup)),
            let http = Python.interned("http"), let https = Python.interned("https")
        else { return nil }
        let keys = UnsafeMutablePointer<PyPointer>.allocate(capacity: EnvironKey.allCases.count)
        for key in EnvironKey.allCases {
            guard let text = Python.interned(key.text) else { return nil }
            unsafe (keys + key.rawValue).initialize(to: text.take())
        }
        return unsafe EnvironTemplate(
            constant: constant.take(), keys: keys, http: http.take(), https: https.take(), cache: KeyCache.make(),
            shapes: EnvironShapes.make())
    }

    private static func set(
        _ dictionary: borrowing Reference, _ name: StaticString, _ value: consuming Reference?
    ) -> Bool {
        guard let value, let key = Python.interned(name) else { return false }
        return unsafe PyDict_SetItem(dictionary.object.pointer, key.object.pointer, value.object.pointer) == 0
    }
}

extension Call {
    /// The environ of the request: a plain dict, nobody else's; `nil`: it has raised.
    func makeEnviron(_ head: RequestHead, _ callable: PyPointer, _ entered: Int64) -> Reference? {
        let template = unsafe state.pointee.interpreter.state.pointee.environ
        guard let environ = entries(head, template) else { return nil }
        let dictionary = unsafe environ.object.pointer
        let isHTTPS = head.flags.contains(.https)
        guard let input = unsafe state.pointee.input, let errors = unsafe state.pointee.errors,
            unsafe set(.input, input, in: dictionary, template),
            unsafe set(.errors, errors.text, in: dictionary, template),
            let response = unsafe state.pointee.response,
            unsafe set(
                .earlyHints,
                owned: PyCFunction_NewEx(state.pointee.interpreter.state.pointee.earlyHints, response, nil),
                in: dictionary, template),
            unsafe set(.scheme, isHTTPS ? template.https : template.http, in: dictionary, template),
            unsafe set(.callable, callable, in: dictionary, template),
            unsafe set(.threadID, owned: PyLong_FromLong(state.pointee.thread), in: dictionary, template),
            unsafe set(.requestStart, time: head.requestStart, in: dictionary, template),
            unsafe set(.queueStart, time: head.queueStart, in: dictionary, template)
        else { return nil }
        let daemonStart = unsafe ProcessState.current?.pointee.isDaemon == true ? entered : 0
        guard unsafe set(.daemonStart, time: daemonStart, in: dictionary, template),
            unsafe set(.applicationStart, time: wsgi_now(), in: dictionary, template),
            unsafe addRequestRecord(to: dictionary)
        else { return nil }
        return environ
    }

    /// A dict with what is constant and what came with the request.
    private func entries(_ head: RequestHead, _ template: EnvironTemplate) -> Reference? {
        if let shape = template.shapes.shape(head, template) { return shape.environ(head, template.cache) }
        guard let environ = unsafe Reference(PyDict_Copy(template.constant)) else { return nil }
        var entries = EntryCursor(head)
        for _ in 0..<head.environCount {
            guard let entry = unsafe entries?.entry(),
                unsafe template.cache.set(unknown: entry.key, entry.value, in: environ.object.pointer)
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
