public import CPython
internal import PythonRuntime

/// `import _wsgi_engine`: the entry point through which a daemon process, an ordinary Python program, serves requests.
enum EngineModule {
    /// The module's definition, which CPython keeps forever.
    @safe private struct Definition: @unchecked Sendable {
        let pointer: UnsafeMutablePointer<PyModuleDef>
    }

    private static let definition: Definition = {
        let definition = UnsafeMutablePointer<PyModuleDef>.allocate(capacity: 1)
        let methods = unsafe Method.table([Method("serve") { unsafe EngineModule.serve($0, $1, $2) }])
        let name: StaticString = "_wsgi_engine"
        let doc: StaticString = "The part of mod_wsgi that runs WSGI applications in a daemon process."
        unsafe wsgi_prepare_module(definition, name.cString, doc.cString, methods)
        return unsafe Definition(pointer: definition)
    }()

    /// The module definition, from which CPython creates a module in each interpreter.
    static func initialize() -> PyPointer? { unsafe PyModuleDef_Init(definition.pointer) }

    /// `serve(control_fd)`: serves requests until the supervisor, at the other end of the descriptor, ends it.
    private static func serve(
        _ module: PyPointer?, _ arguments: UnsafePointer<PyPointer?>?, _ count: Int
    ) -> PyPointer? {
        guard count == 1, let argument = unsafe Object(arguments?[0]), argument.isInteger else {
            return unsafe PythonError.raise(WSGI_TYPE_ERROR, "serve() takes the descriptor of the control socket")
        }
        let descriptor = unsafe PyLong_AsLong(argument.pointer)
        guard !PythonError.occurred else { return nil }
        guard let descriptor = Int32(exactly: descriptor), descriptor >= 0 else {
            return unsafe PythonError.raise(WSGI_VALUE_ERROR, "serve() takes the descriptor of the control socket")
        }
        let status = serveWorker(controlDescriptor: descriptor)
        return unsafe Python.integer(Int64(status))?.take()
    }
}

/// The function that CPython calls when `_wsgi_engine` is imported.
@c(PyInit__wsgi_engine)
public func moduleInitializer() -> UnsafeMutablePointer<PyObject>? { unsafe EngineModule.initialize() }
