internal import CPython
internal import PythonRuntime
internal import WSGICore

/// The modules `mod_wsgi` and `apache` that applications import.
enum PythonModule {
    /// Registers the part, so that each interpreter has both modules.
    static func register() { _ = unsafe HostPart.register(prepare: install) }

    /// Adds both to `sys.modules` of the attached interpreter; false with a Python exception set.
    private static func install(_ interpreter: Interpreter) -> Bool {
        guard let spec = unsafe ProcessState.current?.pointee.spec, let names = PythonSource.packages.run(),
            let findPackage = names.object("find_package")?.retained,
            let module = unsafe Reference(PyModule_New("mod_wsgi")),
            set(module, "version", Python.tuple(spec.moduleVersion)),
            set(module, "process_group", Python.text(spec.processGroup)),
            set(module, "application_group", Python.text(interpreter.text)),
            set(module, "maximum_processes", Python.integer(Int64(spec.maximumProcesses))),
            set(module, "threads_per_process", Python.integer(Int64(spec.threadsPerProcess))),
            set(module, "RequestTimeout", unsafe Object(interpreter.state.pointee.timeout).retained),
            // Without it, pickle and other code that inspects every module of a package would fail.
            let places = findPackage.object.call()
        else { return false }
        if places.object.count > 0, !module.object.set("__path__", places) { return false }
        guard addLateNames(to: module, interpreter) else { return false }

        guard let apache = unsafe Reference(PyModule_New("apache")),
            set(apache, "version", Python.tuple(spec.httpdVersion)),
            set(apache, "description", Python.text(spec.httpdDescription)),
            set(apache, "build_date", Python.text(spec.httpdBuildDate)),
            set(apache, "mpm_name", Python.text(spec.mpmName)),
            set(apache, "maximum_processes", Python.integer(Int64(spec.httpdChildren))),
            set(apache, "threads_per_process", Python.integer(Int64(spec.httpdThreadsPerChild)))
        else { return false }
        guard let modules = unsafe PyImport_GetModuleDict() else { return false }
        return unsafe PyDict_SetItemString(modules, "mod_wsgi", module.object.pointer) == 0
            && PyDict_SetItemString(modules, "apache", apache.object.pointer) == 0
    }

    // MARK: - Names that take time or memory, made when they are first used

    private static func addLateNames(to module: borrowing Reference, _ interpreter: Interpreter) -> Bool {
        guard let names = PythonSource.lateNames.run(), let install = names.object("install"),
            let capsule = unsafe Reference(PyCapsule_New(interpreter.state, nil, nil)),
            let activeRequests = unsafe Reference(
                PyCFunction_NewEx(lateMethods.pointer, capsule.object.pointer, nil)),
            let logHandler = unsafe Reference(PyCFunction_NewEx(lateMethods.pointer + 1, nil, nil)),
            let requestData = unsafe Reference(PyCFunction_NewEx(lateMethods.pointer + 2, nil, nil)),
            module.object.set("request_data", requestData)
        else { return false }
        return install.call(module.object, activeRequests.object, logHandler.object) != nil
    }

    @safe private struct Definitions: @unchecked Sendable {
        let pointer: UnsafeMutablePointer<PyMethodDef>
    }

    private static let lateMethods = unsafe Definitions(
        pointer: Method.table([
            Method("active_requests") { capsule, _, _ in
                guard let state = unsafe PyCapsule_GetPointer(capsule, nil) else { return nil }
                let interpreter = unsafe Interpreter(state: state.assumingMemoryBound(to: InterpreterState.self))
                return unsafe RequestContext.activeRequests(of: interpreter)?.take()
            },
            unsafe Method("log_handler") { _, _, _ in
                guard let names = PythonSource.logHandler.run(), let make = names.object("make"),
                    let write = LogFunctions.write(), let isLogged = LogFunctions.isLogged()
                else { return nil }
                return unsafe make.call(write.object, isLogged.object)?.take()
            },
            unsafe Method("request_data") { _, _, _ in
                guard let request = ThreadContext.runningRequest, unsafe request.state.pointee.entered != 0 else {
                    return unsafe PythonError.raise(
                        WSGI_RUNTIME_ERROR, "request_data() was called on a thread that serves no request")
                }
                return unsafe request.data?.retained.take()
            },
        ]))

    private static func set(
        _ module: borrowing Reference, _ name: StaticString, _ value: consuming Reference?
    ) -> Bool {
        guard let value else { return false }
        return module.object.set(name, value)
    }
}
