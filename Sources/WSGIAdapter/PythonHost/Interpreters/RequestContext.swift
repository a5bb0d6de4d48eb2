internal import CEngineABI
internal import CPython
internal import PythonRuntime
internal import WSGICore
internal import WSGIWire

/// A request that runs in Python, independent of its protocol: its interpreter, transport, log and end.
///
/// All members need the GIL unless noted otherwise.
@safe struct RequestContext {
    let state: UnsafeMutablePointer<RequestState>

    init(_ state: UnsafeMutablePointer<RequestState>) { unsafe self.state = state }

    init?(_ state: UnsafeMutablePointer<RequestState>?) {
        guard let state = unsafe state else { return nil }
        unsafe self.state = state
    }

    /// The request of a protocol's object; `nil`: it has ended.
    static func of(_ object: PyPointer?) -> RequestContext? {
        guard let object = unsafe object else { return nil }
        let instance = unsafe UnsafeRawPointer(object).assumingMemoryBound(to: wsgi_call_object.self)
        return unsafe RequestContext(instance.pointee.call?.assumingMemoryBound(to: RequestState.self))
    }

    /// Makes an object of this type that belongs to the request; `nil`: an exception is set.
    func makeObject(_ type: PyPointer) -> PyPointer? {
        guard let object = unsafe wsgi_new_call_object(OpaquePointer(type)) else { return nil }
        unsafe RequestContext.attach(object, UnsafeMutableRawPointer(state))
        return unsafe object
    }

    /// Detaches an object from the request, which has ended, and releases the reference.
    static func release(_ object: inout PyPointer?) {
        guard let released = unsafe object else { return }
        unsafe object = nil
        unsafe attach(released, nil)
        unsafe Py_DecRef(released)
    }

    private static func attach(_ object: PyPointer, _ state: UnsafeMutableRawPointer?) {
        unsafe UnsafeMutableRawPointer(object).assumingMemoryBound(to: wsgi_call_object.self).pointee.call =
            unsafe state
    }

    // MARK: - The log

    /// The target of log lines that the request's thread writes.
    var log: LogTarget { unsafe .transport(state.pointee.transport) }

    /// Writes to the request's log, for any thread: the lines that these bytes complete; `nil`: the thread's unfinished
    /// line as it is. Releases the GIL to write.
    func writeLines(_ bytes: UnsafeRawBufferPointer?) {
        let isOwn = unsafe ThreadContext.runningRequest?.state == state
        let script = unsafe state.pointee.script
        let records =
            unsafe isOwn
            ? ErrorLine.complete(bytes, with: &state.pointee.line, script: script)
            : state.pointee.otherLines.complete(bytes, script: script)
        guard records.count > 0 else { return }
        unsafe state.pointee.writers += 1
        let target = log
        Attachment.detached { ErrorLine.write(records, to: target) }
        unsafe state.pointee.writers -= 1
        if unsafe state.pointee.isEnding { giveTurn() }
    }

    /// Writes the unfinished lines of the log. Without the GIL: no other thread uses the request now.
    func endLines() {
        let script = unsafe state.pointee.script
        if unsafe state.pointee.line.count > 0 {
            unsafe ErrorLine.write(ErrorLine.complete(nil, with: &state.pointee.line, script: script), to: log)
        }
        if unsafe state.pointee.otherLines.isEmpty { return }
        unsafe ErrorLine.write(state.pointee.otherLines.takeAll(script: script), to: log)
    }

    /// Creates the stream into the request's log; false with a Python exception set.
    func makeErrors(_ kind: ErrorStream.Kind) -> Bool {
        let interpreter = unsafe state.pointee.interpreter
        guard let errors = unsafe state.pointee.attachment.pointee.errors ?? ErrorStream.make(interpreter, kind: kind)
        else { return false }
        unsafe state.pointee.attachment.pointee.errors = nil
        unsafe errors.attach(state, as: kind)
        unsafe state.pointee.errors = errors
        return true
    }

    /// Script, process group and application group, for messages.
    var label: String { unsafe "'\(Text.string(state.pointee.script))' \(state.pointee.interpreter.label)" }

    /// Logs an exception that the script has raised.
    ///
    /// - Returns: Whether it is `RequestTimeout`.
    func logRaised(_ exception: Object) -> Bool {
        let interpreter = unsafe state.pointee.interpreter
        let label = label
        if unsafe exception.isInstance(of: Object(interpreter.state.pointee.timeout)) {
            let target = log
            Attachment.detached {
                target.write(WSGI_LOG_INFO, "The request to the WSGI script \(label) took too long.")
            }
            return true
        }
        if unsafe exception.isInstance(of: Object(wsgi_exception(WSGI_SYSTEM_EXIT))) {
            ExceptionReport.log(
                exception, .applicationExited, "SystemExit exception raised by WSGI script \(label); ignored.", to: log)
        } else {
            ExceptionReport.log(
                exception, .applicationRaised,
                "\(exception.typeName) exception raised processing WSGI script \(label).", in: interpreter.text,
                to: log)
        }
        return false
    }

    // MARK: - The end

    /// Begins the end: nothing writes to the log any more, and no other thread uses the transport. The protocol then
    /// releases its objects. Code that kept one gets a RuntimeError from now on.
    @inline(__always)
    func beginEnd() {
        ThreadContext.current?.endInterruptible()
        // First, because otherwise the wait for a thread that keeps writing would never end.
        unsafe state.pointee.errors?.attach(nil, as: .request)
        unsafe state.pointee.isEnding = true
        if unsafe state.pointee.entered != 0 { endActive() }
        _ = unsafe enter()
        withdrawRequestRecord()
    }

    /// Completes the end after `beginEnd`.
    @inline(__always)
    func completeEnd() {
        if let errors = unsafe state.pointee.errors {
            unsafe state.pointee.errors = nil
            if errors.isUnshared, unsafe state.pointee.attachment.pointee.errors == nil {
                unsafe state.pointee.attachment.pointee.errors = errors
            } else {
                errors.abandon()
            }
        }
        leave()
    }

    // MARK: - One at a time

    /// Waits until no other thread of the application uses the transport for this request. Releases the GIL to wait.
    ///
    /// - Returns: Whether `object`, of the protocol, still belongs to the request, and the request is not ending.
    func enter(for object: PyPointer? = nil) -> Bool {
        // Otherwise a thread that keeps writing could delay the end forever.
        if unsafe object != nil && state.pointee.isEnding { return false }
        while unsafe state.pointee.isBusy || state.pointee.isEnding && state.pointee.writers > 0 {
            unsafe state.pointee.waiting += 1
            Attachment.detached { unsafe _ = PyThread_acquire_lock(state.pointee.turn, 1) }
            unsafe state.pointee.waiting -= 1
            unsafe state.pointee.isTurnGiven = false
            if let object = unsafe object, unsafe !owns(object) || state.pointee.isEnding {
                giveTurn()
                return false
            }
        }
        unsafe state.pointee.isBusy = true
        return true
    }

    /// Whether a protocol's object belongs to this request.
    func owns(_ object: PyPointer?) -> Bool { unsafe RequestContext.of(object)?.state == state }

    /// Lets the next thread in.
    func leave() {
        unsafe state.pointee.isBusy = false
        giveTurn()
    }

    /// Wakes one waiter, unless one has been woken and has not yet run: the lock is not a counter.
    private func giveTurn() {
        guard unsafe state.pointee.waiting > 0, unsafe !state.pointee.isTurnGiven else { return }
        unsafe state.pointee.isTurnGiven = true
        unsafe PyThread_release_lock(state.pointee.turn)
    }
}
