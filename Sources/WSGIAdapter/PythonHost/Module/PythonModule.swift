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

    private static func set(
        _ module: borrowing Reference, _ name: StaticString, _ value: consuming Reference?
    ) -> Bool {
        guard let value else { return false }
        return module.object.set(name, value)
    }
}
