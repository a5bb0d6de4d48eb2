internal import CPython
internal import ProcessKit
internal import PythonRuntime
internal import WSGICore

/// Starts Python in a process without a Python command line.
enum PythonStart {
    /// Starts Python. The calling thread becomes its main thread and has the GIL afterwards.
    ///
    /// The structures for Python's settings differ between versions and are not in the stable ABI. Command line options
    /// also have environment variables. These are set during the start and removed afterwards, also from `os.environ`,
    /// which exists by then.
    static func run(_ spec: PythonSpec, executable: String) {
        // First, because paths are decoded in the encoding that it sets.
        wsgi_preinitialize(PythonVersion.newestTested.hexadecimal)
        if !executable.isEmpty { unsafe executable.withCString { unsafe wsgi_set_program_name($0) } }
        for filter in spec.warnings { _ = unsafe filter.withCString { unsafe wsgi_add_warning_filter($0) } }
        let variables = spec.startEnvironment
        let before = variables.map { EnvironmentChange($0.name, CurrentProcess.variable($0.name)) }
        for variable in variables { CurrentProcess.setVariable(variable.name, variable.value) }
        // Zero: httpd keeps its signal handlers.
        Py_InitializeEx(0)
        for variable in before { set(variable) }
    }

    /// Sets or removes an environment variable for applications, in this process and in `os.environ`. Needs the GIL.
    static func set(_ variable: EnvironmentChange) {
        CurrentProcess.setVariable(variable.name, variable.value)
        defer { PyErr_Clear() }
        guard let os = Python.module("os"), let environ = os.object.attribute("environ"),
            let name = Python.text(variable.name)
        else { return }
        guard let value = variable.value else {
            // A missing name is not an error.
            _ = unsafe PyObject_DelItem(environ.object.pointer, name.object.pointer)
            return
        }
        guard let text = Python.text(value) else { return }
        _ = unsafe PyObject_SetItem(environ.object.pointer, name.object.pointer, text.object.pointer)
    }
}
