internal import CPython
internal import PythonRuntime

/// Processes that applications start with Python's means.
enum ChildProcesses {
    /// Has processes that are started in the attached interpreter begin as in any program; false: it has raised.
    ///
    /// A fork of a process with several interpreters ends its child with a crash or a hang (CPython deletes the others in it,
    /// which it can only from the main one, and not while their thread states exist): it is refused there, and so is
    /// `preexec_fn`, which needs Python in the child.
    ///
    /// - Parameter isEmbedded: httpd's threads block signals, and its handlers leave them to httpd. A process that took
    ///   over both could not be ended by whoever started it.
    static func prepare(isEmbedded: Bool) -> Bool {
        guard let names = PythonSource.childProcesses.run(),
            let alone = unsafe Reference(PyCFunction_NewEx(isAlone.pointer, nil, nil)),
            let prepare = names.object("prepare")
        else { return false }
        return prepare.call(Object.bool(isEmbedded), alone.object) != nil
    }

    @safe private struct Definition: @unchecked Sendable {
        let pointer: UnsafeMutablePointer<PyMethodDef>
    }

    /// `is_alone()`: whether the process has no other interpreter, including those that an extension module has created.
    private static let isAlone = unsafe Definition(
        pointer: Method.table([
            Method("is_alone") { _, _, _ in unsafe Object.bool(wsgi_has_one_interpreter()).retained.take() }
        ]))
}
