internal import CPython
internal import PythonRuntime

extension Reference {
    /// `self[name] = value` for a dict, with an interned name; false with a Python exception set, or without a value.
    func setItem(_ name: StaticString, _ value: consuming Reference?) -> Bool {
        guard let value, let key = Python.interned(name) else { return false }
        return unsafe PyDict_SetItem(object.pointer, key.object.pointer, value.object.pointer) == 0
    }
}
