internal import CPython
internal import PythonRuntime
internal import WSGICore
internal import WSGIWire

/// Keys that every environ has in addition to those that httpd sends.
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

/// The entries common to all environs of an interpreter, and frequently used str objects.
///
/// References are owned and live as long as the interpreter.
@safe struct EnvironTemplate {
    /// A dict with the entries that never change; copied for each request.
    let constant: PyPointer
    let keys: UnsafeMutablePointer<PyPointer>
    let http: PyPointer
    let https: PyPointer

    /// Makes the template in the interpreter that is attached; `nil` with a Python exception set.
    static func make(_ spec: ProcessSpec, applicationGroup: String, fileWrapper: Object) -> EnvironTemplate? {
        guard let constant = unsafe Reference(PyDict_New()),
            constant.setItem("wsgi.version", Python.tuple([1, 0])),
            constant.setItem("wsgi.input_terminated", Object.bool(true).retained),
            constant.setItem("wsgi.file_wrapper", fileWrapper.retained),
            constant.setItem("wsgi.multithread", Object.bool(spec.isMultithreaded).retained),
            constant.setItem("wsgi.multiprocess", Object.bool(spec.isMultiprocess).retained),
            constant.setItem("wsgi.run_once", Object.bool(spec.isRunOnce).retained),
            constant.setItem("apache.version", Python.tuple(spec.httpdVersion)),
            constant.setItem("mod_wsgi.version", Python.tuple(spec.moduleVersion)),
            constant.setItem("mod_wsgi.process_group", Python.text(spec.processGroup)),
            constant.setItem("mod_wsgi.application_group", Python.text(applicationGroup)),
            let http = Python.interned("http"), let https = Python.interned("https")
        else { return nil }
        let keys = UnsafeMutablePointer<PyPointer>.allocate(capacity: EnvironKey.allCases.count)
        for key in EnvironKey.allCases {
            guard let text = Python.interned(key.text) else { return nil }
            unsafe (keys + key.rawValue).initialize(to: text.take())
        }
        return unsafe EnvironTemplate(
            constant: constant.take(), keys: keys, http: http.take(), https: https.take())
    }
}
