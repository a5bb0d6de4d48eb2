internal import CPython
internal import PythonRuntime

/// Child processes that applications start from Python.
enum ChildProcesses {
    /// Makes processes started in the attached interpreter begin as in any program; false with a Python exception set.
    ///
    /// In a process with several interpreters, a forked child crashes or hangs: CPython deletes the other interpreters
    /// in the child, which works only from the main one and only when they have no thread states. There a fork is
    /// rejected, and so is `preexec_fn`, which needs Python in the child.
    ///
    /// - Parameter isEmbedded: httpd's threads block signals, and its handlers pass them to httpd. A child process that
    ///   inherited both could not be ended by its parent.
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

    /// `is_alone()`: whether the process has no other interpreter, including those created by an extension module.
    private static let isAlone = unsafe Definition(
        pointer: Method.table([
            Method("is_alone") { _, _, _ in unsafe Object.bool(wsgi_has_one_interpreter()).retained.take() }
        ]))
}
