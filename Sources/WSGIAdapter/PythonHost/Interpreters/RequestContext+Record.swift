internal import CEngineABI
internal import CPython
internal import PythonRuntime

/// `apache.request_rec`. Everything needs the GIL.
extension RequestContext {
    /// Adds it to the environ if it is enabled for the script; false with a Python exception set.
    func addRequestRecord(to environ: PyPointer) -> Bool {
        guard let request = unsafe state.pointee.transport.pointee.request else { return true }
        guard let capsule = unsafe Reference(PyCapsule_New(request, nil, nil)) else { return false }
        let key = unsafe state.pointee.interpreter.state.pointee.requestRecord
        guard unsafe PyDict_SetItem(environ, key, capsule.object.pointer) == 0 else { return false }
        unsafe state.pointee.record = capsule.take()
        return true
    }

    /// Makes a capsule that the application has kept reject access to its pointer, which becomes invalid.
    func withdrawRequestRecord() {
        guard let record = unsafe state.pointee.record else { return }
        unsafe state.pointee.record = nil
        let name: StaticString = "apache.request_rec of a request that has ended"
        if unsafe PyCapsule_SetName(record, name.cString) != 0 { PyErr_Clear() }
        unsafe Py_DecRef(record)
    }
}
