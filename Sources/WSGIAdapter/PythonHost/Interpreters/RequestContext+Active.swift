internal import CPython
internal import PythonRuntime

/// Requests whose application has been entered, and what their applications keep with them. Everything needs the GIL.
extension RequestContext {
    /// Called when the application is entered.
    @inline(__always)
    func beginActive(at now: Int64) {
        let interpreter = unsafe state.pointee.interpreter.state
        let first = unsafe RequestContext.firstActive(of: interpreter)
        unsafe state.pointee.entered = now
        unsafe state.pointee.previousActive = nil
        unsafe state.pointee.nextActive = unsafe first
        unsafe first?.pointee.previousActive = unsafe state
        unsafe interpreter.pointee.firstActive = unsafe UnsafeMutableRawPointer(state)
        unsafe state.pointee.counters.pointee.begin(at: now, isInner: state.pointee.previous != nil)
        unsafe state.pointee.isListed = false
        guard unsafe interpreter.pointee.activeRequests != nil else { return }
        listNow()
    }

    @inline(never)
    private func listNow() {
        if let fresh = unsafe Reference(PyDict_New()) { list(fresh) } else { PyErr_Clear() }
    }

    /// Called when the request ends.
    @inline(__always)
    func endActive() {
        let interpreter = unsafe state.pointee.interpreter.state
        let (next, previous) = unsafe (state.pointee.nextActive, state.pointee.previousActive)
        unsafe next?.pointee.previousActive = unsafe previous
        if let previous = unsafe previous {
            unsafe previous.pointee.nextActive = unsafe next
        } else {
            unsafe interpreter.pointee.firstActive = unsafe next.map { UnsafeMutableRawPointer($0) }
        }
        unsafe state.pointee.counters.pointee.end(
            max(0, wsgi_wall_clock_microseconds() &- state.pointee.entered), isInner: state.pointee.previous != nil)
        unsafe state.pointee.entered = 0
        if unsafe state.pointee.data != nil { releaseData() }
    }

    /// Releases the data of a request that has ended.
    @inline(never)
    private func releaseData() {
        guard let data = unsafe state.pointee.data else { return }
        let interpreter = unsafe state.pointee.interpreter.state
        unsafe state.pointee.data = nil
        if let requests = unsafe interpreter.pointee.activeRequests, let key = requestKey,
            unsafe PyDict_GetItemWithError(requests, key.object.pointer) == data,
            unsafe PyDict_DelItem(requests, key.object.pointer) != 0
        {
            PyErr_Clear()
        }
        if PythonError.occurred { PyErr_Clear() }
        unsafe Py_DecRef(data)
    }

    /// The request's id as str; `nil`: it has none.
    var requestKey: Reference? {
        let id = unsafe state.pointee.requestID
        return unsafe id.isEmpty ? nil : Python.text(latin1: id)
    }

    /// `mod_wsgi.request_data()`: a dict for anything that belongs to the request, borrowed; `nil` with a Python
    /// exception set.
    var data: Object? {
        if unsafe state.pointee.data == nil { unsafe state.pointee.data = PyDict_New() }
        return unsafe Object(state.pointee.data)
    }

    @inline(__always)
    private static func firstActive(
        of interpreter: UnsafeMutablePointer<InterpreterState>
    ) -> UnsafeMutablePointer<RequestState>? {
        unsafe interpreter.pointee.firstActive?.assumingMemoryBound(to: RequestState.self)
    }

    /// Adds the request to `mod_wsgi.active_requests`. `fresh` is an empty dict, made before: creating one may run
    /// finalizers, and so other threads, in which a request may end.
    private func list(_ fresh: consuming Reference) {
        unsafe state.pointee.isListed = true
        if unsafe state.pointee.data == nil { unsafe state.pointee.data = fresh.take() }
        guard let requests = unsafe state.pointee.interpreter.state.pointee.activeRequests, let key = requestKey,
            let data = unsafe state.pointee.data, unsafe PyDict_SetItem(requests, key.object.pointer, data) == 0
        else {
            PyErr_Clear()
            return
        }
    }

    /// `mod_wsgi.active_requests` of an interpreter: the data of its requests by their ids. Kept up to date from the
    /// first use on. A new reference; `nil` with a Python exception set.
    static func activeRequests(of interpreter: Interpreter) -> Reference? {
        if let known = unsafe Object(interpreter.state.pointee.activeRequests) { return known.retained }
        guard let requests = unsafe Reference(PyDict_New()) else { return nil }
        unsafe interpreter.state.pointee.activeRequests = requests.object.retained.take()
        while let fresh = unsafe Reference(PyDict_New()) {
            var next = unsafe firstActive(of: interpreter.state)
            while let state = unsafe next, unsafe state.pointee.isListed {
                unsafe next = unsafe state.pointee.nextActive
            }
            guard let unlisted = unsafe next else { return requests }
            unsafe RequestContext(unlisted).list(fresh)
        }
        return nil
    }
}
