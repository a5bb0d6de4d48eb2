internal import CPython
internal import ProcessKit
internal import PythonRuntime
internal import WSGICore

/// Starts Python in a process that has no command line for it.
enum PythonStart {
    /// Starts Python, whose main thread is the calling one; it has the GIL afterwards.
    ///
    /// The structures that Python takes its settings in are of each version another one, and not in the stable ABI. What
    /// the command line says can be said by variables, too: they are set around the start, and taken back also from
    /// `os.environ`, which has been made by then.
    static func run(_ spec: PythonSpec, executable: String) {
        // First: paths are decoded in the encoding that it sets.
        wsgi_preinitialize(PythonVersion.newestTested.hexadecimal)
        if !executable.isEmpty { unsafe executable.withCString { unsafe wsgi_set_program_name($0) } }
        for filter in spec.warnings { _ = unsafe filter.withCString { unsafe wsgi_add_warning_filter($0) } }
        let variables = spec.startEnvironment
        let before = variables.map { EnvironmentChange($0.name, CurrentProcess.variable($0.name)) }
        for variable in variables { CurrentProcess.setVariable(variable.name, variable.value) }
        // Zero: signals stay httpd's.
        Py_InitializeEx(0)
        for variable in before { set(variable) }
    }

    /// Gives applications a variable, in this process and in `os.environ`, or takes it away. Needs the GIL.
    static func set(_ variable: EnvironmentChange) {
        CurrentProcess.setVariable(variable.name, variable.value)
        defer { PyErr_Clear() }
        guard let os = Python.module("os"), let environ = os.object.attribute("environ"),
            let name = Python.text(variable.name)
        else { return }
        guard let value = variable.value else {
            // A name that is not there is no matter.
            _ = unsafe PyObject_DelItem(environ.object.pointer, name.object.pointer)
            return
        }
        guard let text = Python.text(value) else { return }
        _ = unsafe PyObject_SetItem(environ.object.pointer, name.object.pointer, text.object.pointer)
    }
}
