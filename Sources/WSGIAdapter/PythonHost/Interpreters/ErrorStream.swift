internal import CPython
internal import PythonRuntime
internal import WSGICore
internal import WSGIWire

/// A text stream into the error log: `wsgi.errors`, and the replacements of `sys.stdout` and `sys.stderr`.
///
/// The text layer is Python's TextIOWrapper; `raw`, below it, is an object of the engine. Both references are owned.
@safe struct ErrorStream {
    let text: PyPointer
    let raw: PyPointer

    /// The use of a stream.
    enum Kind: Int32 {
        case request
        case standardOutput
        case standardError
        case hook

        var name: StaticString {
            switch self {
            case .request: "<wsgi.errors>"
            case .standardOutput: "<stdout>"
            case .standardError: "<stderr>"
            case .hook: "<log>"
            }
        }
    }

    /// Makes a stream in the interpreter that is attached; `nil` with a Python exception set.
    static func make(_ interpreter: Interpreter, kind: Kind) -> ErrorStream? {
        let state = unsafe interpreter.state
        guard let raw = unsafe Reference(wsgi_new_log_object(OpaquePointer(state.pointee.logType), kind.rawValue)),
            let utf8 = Python.text("utf-8"), let replace = Python.text("replace"),
            let arguments = unsafe Reference(PyTuple_New(6))
        else { return nil }
        let values: [PyPointer] = unsafe [
            raw.object.retained.take(), utf8.take(), replace.take(), Object.none.retained.take(),
            Object.bool(true).retained.take(), Object.bool(true).retained.take(),
        ]
        for index in unsafe values.indices {
            unsafe _ = PyTuple_SetItem(arguments.object.pointer, index, values[index])
        }
        guard let text = unsafe Reference(PyObject_CallObject(state.pointee.textStream, arguments.object.pointer))
        else {
            return nil
        }
        return unsafe ErrorStream(text: text.take(), raw: raw.take())
    }

    /// Makes it write for the request with this `RequestState`; `nil`: for no request, and writing raises.
    func attach(_ state: UnsafeMutableRawPointer?, as kind: Kind) {
        guard let log = unsafe ErrorStream.instance(raw) else { return }
        unsafe log.pointee.call = unsafe state
        unsafe log.pointee.kind = kind.rawValue
    }

    /// Whether there are no other references to the stream and to `raw`, so that it can serve another request.
    var isUnshared: Bool { unsafe wsgi_reference_count(text) == 1 && wsgi_reference_count(raw) == 2 }

    /// Releases the references.
    func abandon() {
        unsafe Py_DecRef(text)
        unsafe Py_DecRef(raw)
    }

    /// The raw stream as its C structure.
    static func instance(_ object: PyPointer?) -> UnsafeMutablePointer<wsgi_log_object>? {
        guard let object = unsafe object else { return nil }
        return unsafe UnsafeMutableRawPointer(object).assumingMemoryBound(to: wsgi_log_object.self)
    }
}
