internal import CPython
internal import PythonRuntime

/// The scripts of one interpreter, found by their path's bytes without hashing or import. Needs the GIL.
@safe struct ScriptTable {
    private let first: UnsafeMutablePointer<UnsafeMutablePointer<ScriptState>?>
    private let modified: PyPointer
    private let reload: PyPointer

    /// An empty table.
    static func make() -> ScriptTable {
        let first = UnsafeMutablePointer<UnsafeMutablePointer<ScriptState>?>.allocate(capacity: 1)
        unsafe first.initialize(to: nil)
        // Interning a short literal fails only for lack of memory, and then nothing else works either.
        let key = Python.interned("__mtime__") ?? Object.none.retained
        let reload = Python.interned("reload_required") ?? Object.none.retained
        return unsafe ScriptTable(first: first, modified: key.take(), reload: reload.take())
    }

    /// The script of this path, added if it is new. `ignoresCase`: paths that differ only in case are the same script,
    /// with the path that came first.
    func entry(_ path: UnsafeRawBufferPointer, ignoresCase: Bool = false) -> Script {
        var candidate = unsafe first.pointee
        while let script = unsafe candidate {
            if unsafe Text.equal(script.pointee.path, path)
                || ignoresCase && Text.equalIgnoringCase(script.pointee.path, path)
            {
                return unsafe Script(state: script, modifiedKey: modified, reloadKey: reload)
            }
            unsafe candidate = unsafe script.pointee.next
        }
        let script = UnsafeMutablePointer<ScriptState>.allocate(capacity: 1)
        unsafe script.initialize(
            to: ScriptState(
                path: Text.immortal(path), lock: PyThread_allocate_lock(), module: nil, namespace: nil, names: nil,
                next: first.pointee))
        unsafe first.pointee = unsafe script
        return unsafe Script(state: script, modifiedKey: modified, reloadKey: reload)
    }
}
