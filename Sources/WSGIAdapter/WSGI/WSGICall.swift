internal import CPython
internal import CSystem
internal import PythonRuntime
internal import WSGICore
internal import WSGIWire

/// One request on its way through the application: the heart of the adapter.
///
/// Read `serve` first. Everything needs the GIL unless it says otherwise.
@safe struct Call {
    let state: UnsafeMutablePointer<CallState>

    init(_ state: UnsafeMutablePointer<CallState>) { unsafe self.state = state }

    init?(_ state: UnsafeMutablePointer<CallState>?) {
        guard let state = unsafe state else { return nil }
        unsafe self.state = state
    }

    /// The request that an input or response object belongs to; `nil`: it has ended.
    static func of(_ object: PyPointer?) -> Call? {
        guard let object = unsafe object else { return nil }
        let instance = unsafe UnsafeRawPointer(object).assumingMemoryBound(to: wsgi_call_object.self)
        return unsafe Call(instance.pointee.call?.assumingMemoryBound(to: CallState.self))
    }

    /// Where the request's log lines go that its thread writes.
    var log: LogTarget { unsafe .transport(state.pointee.transport) }

    /// Writes to the request's log, for any thread: the lines that are complete with these bytes; `nil`: what the thread
    /// has written of its line, as it is. Releases the GIL to write.
    func writeLines(_ bytes: UnsafeRawBufferPointer?) {
        let isOwn = unsafe ThreadContext.runningCall?.state == state
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

    // MARK: - The request

    /// Runs the application and hands its response on; what is left to be sent without the GIL is `conclude`'s.
    func serve(_ head: RequestHead) -> Int32 {
        let entered = wsgi_now()
        let interpreter = unsafe state.pointee.interpreter
        let script = unsafe interpreter.scripts.entry(
            head.script, ignoresCase: head.flags.contains(.ignoresCase))
        ThreadContext.current?.beginInterruptible(interpreter)
        if let answer = prepare(script, head) { return turnedAway(answer) }
        let isFirst = unsafe !script.knows(head.callableObject)
        guard let name = unsafe script.name(head.callableObject), let application = unsafe script.callable(name) else {
            PyErr_Clear()
            let message = unsafe script.missingCallable(head.callableObject, in: interpreter)
            let target = log
            Attachment.detached { target.write(WSGI_LOG_ERR, .callableNotFound, message) }
            return turnedAway(unsafe leaveToOthers(script, head, lacking: head.callableObject) ?? 404)
        }
        if isFirst { unsafe announce(script, head.callableObject, head.value(of: "SCRIPT_NAME")) }
        let outcome = unsafe call(application.object, head, name, entered)
        _ = consume application
        finish()
        return outcome
    }

    /// The request ends with this answer, without the application: 504 when it was interrupted on its way there.
    private func turnedAway(_ answer: Int32) -> Int32 {
        guard let thread = ThreadContext.current else { return answer }
        thread.endInterruptible()
        let hasFailed = answer == 500 || answer == WSGI_OUTCOME_UNUSABLE.rawValue
        return thread.isInterrupted && hasFailed ? 504 : answer
    }

    /// An application that was found once is what a successor has to find before it takes over.
    private func announce(
        _ script: Script, _ callable: UnsafeRawBufferPointer, _ mountPoint: UnsafeRawBufferPointer?
    ) {
        let group = unsafe state.pointee.interpreter.text
        let spec = unsafe ScriptSpec(
            path: script.path, applicationGroup: group, callableObject: Text.string(callable),
            mountPoint: mountPoint.map { unsafe Text.string($0) } ?? "")
        Attachment.detached { Adapter.announce(.loaded(spec)) }
    }

    private func call(_ application: Object, _ head: RequestHead, _ name: PyPointer, _ entered: Int64) -> Int32 {
        guard makeObjects(), let response = unsafe state.pointee.response,
            let environ = unsafe makeEnviron(head, name, entered),
            let start = unsafe Reference(
                PyCFunction_NewEx(state.pointee.interpreter.state.pointee.startResponse, response, nil))
        else { return failed() }
        guard let result = application.call(environ.object, start.object) else { return failed() }
        return deliver(result)
    }

    /// The objects that belong to the request: `wsgi.input`, `wsgi.errors`, and what `start_response` is a method of.
    private func makeObjects() -> Bool {
        guard makeErrors(.request) else { return false }
        let types = unsafe state.pointee.interpreter.state
        unsafe state.pointee.input = wsgi_new_call_object(typeObject(types.pointee.inputType))
        unsafe state.pointee.response = wsgi_new_call_object(typeObject(types.pointee.responseType))
        return unsafe Call.attach(state.pointee.input, self) && Call.attach(state.pointee.response, self)
    }

    /// Makes `wsgi.errors`; false: it has raised.
    func makeErrors(_ kind: ErrorStream.Kind) -> Bool {
        let interpreter = unsafe state.pointee.interpreter
        guard let errors = unsafe state.pointee.attachment.pointee.errors ?? ErrorStream.make(interpreter, kind: kind)
        else { return false }
        unsafe state.pointee.attachment.pointee.errors = nil
        errors.attach(self, as: kind)
        unsafe state.pointee.errors = errors
        return true
    }

    static func attach(_ object: PyPointer?, _ call: Call?) -> Bool {
        guard let object = unsafe object else { return false }
        unsafe UnsafeMutableRawPointer(object).assumingMemoryBound(to: wsgi_call_object.self).pointee.call =
            UnsafeMutableRawPointer(call?.state)
        return true
    }

    /// Detaches the request's objects: whoever kept one gets a RuntimeError from now on.
    func finish() {
        ThreadContext.current?.endInterruptible()
        // First: otherwise a thread that goes on writing would be waited for for ever.
        unsafe state.pointee.errors?.attach(nil, as: .request)
        unsafe state.pointee.isEnding = true
        _ = unsafe enter()
        withdrawRequestRecord()
        unsafe _ = Call.attach(state.pointee.input, nil)
        unsafe _ = Call.attach(state.pointee.response, nil)
        unsafe Py_DecRef(state.pointee.input)
        unsafe Py_DecRef(state.pointee.response)
        unsafe state.pointee.input = nil
        unsafe state.pointee.response = nil
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

    /// Sends what `serve` left, and ends the last log line. Without the GIL.
    func conclude(_ outcome: Int32) -> Int32 {
        var result = outcome
        if unsafe state.pointee.phase == .complete, !sendDeferred() { result = WSGI_OUTCOME_TRUNCATED.rawValue }
        endLines()
        return result
    }

    /// Writes what was written to the log without a line break. Without the GIL: no other thread has the request now.
    func endLines() {
        let script = unsafe state.pointee.script
        if unsafe state.pointee.line.count > 0 {
            unsafe ErrorLine.write(ErrorLine.complete(nil, with: &state.pointee.line, script: script), to: log)
        }
        if unsafe state.pointee.otherLines.isEmpty { return }
        unsafe ErrorLine.write(state.pointee.otherLines.takeAll(script: script), to: log)
    }

    // MARK: - Failures

    /// Logs the exception that is set; the outcome: a status while nothing was sent, else a broken response.
    func failed() -> Int32 {
        ThreadContext.current?.endInterruptible()
        let isSent = unsafe state.pointee.phase == .sent
        // Another thread must not begin a response now: this answer is final.
        unsafe state.pointee.phase = isSent ? .sent : .failed
        guard let exception = PythonError.take() else { return isSent ? WSGI_OUTCOME_TRUNCATED.rawValue : 500 }
        let interpreter = unsafe state.pointee.interpreter
        let place = unsafe "'\(Text.string(state.pointee.script))' \(ExceptionReport.place(interpreter))"
        if unsafe exception.object.isInstance(of: Object(interpreter.state.pointee.timeout)) {
            let target = log
            Attachment.detached {
                target.write(WSGI_LOG_INFO, "The request to the WSGI script \(place) took too long.")
            }
            return isSent ? WSGI_OUTCOME_TRUNCATED.rawValue : 504
        }
        if unsafe exception.object.isInstance(of: Object(wsgi_exception(WSGI_SYSTEM_EXIT))) {
            ExceptionReport.log(
                exception.object, .applicationExited,
                "SystemExit exception raised by WSGI script \(place); ignored.", to: log)
        } else {
            ExceptionReport.log(
                exception.object, .applicationRaised,
                "\(exception.object.typeName) exception raised processing WSGI script \(place).", in: interpreter,
                to: log)
        }
        if isSent { return WSGI_OUTCOME_TRUNCATED.rawValue }
        // Not the application's fault: it was told that the body is broken, and could not do without.
        if unsafe exception.object.isInstance(of: Object(wsgi_exception(WSGI_OS_ERROR))) {
            switch unsafe state.pointee.bodyError {
            case WSGI_TRANSPORT_TIMEOUT.rawValue: return 408
            case WSGI_TRANSPORT_TOO_LARGE.rawValue: return 413
            case WSGI_TRANSPORT_INVALID.rawValue, WSGI_TRANSPORT_DISCONNECTED.rawValue: return 400
            default: break
            }
        }
        return 500
    }

    // MARK: - One at a time

    /// Waits until no other thread of the application uses the transport for this request. Releases the GIL to wait.
    ///
    /// - Returns: Whether `object` (an input or response object) still belongs to the request then, and that is not ending.
    func enter(for object: PyPointer? = nil) -> Bool {
        // A thread that goes on writing could otherwise hold up the end for ever.
        if unsafe object != nil && state.pointee.isEnding { return false }
        while unsafe state.pointee.isBusy || state.pointee.isEnding && state.pointee.writers > 0 {
            unsafe state.pointee.waiting += 1
            Attachment.detached { unsafe _ = PyThread_acquire_lock(state.pointee.turn, 1) }
            unsafe state.pointee.waiting -= 1
            unsafe state.pointee.isTurnGiven = false
            if let object = unsafe object, unsafe Call.of(object)?.state != state || state.pointee.isEnding {
                giveTurn()
                return false
            }
        }
        unsafe state.pointee.isBusy = true
        return true
    }

    /// Lets the next thread in.
    func leave() {
        unsafe state.pointee.isBusy = false
        giveTurn()
    }

    /// Wakes one of those that wait, unless one was woken and is still on its way: the lock does not count.
    private func giveTurn() {
        guard unsafe state.pointee.waiting > 0, unsafe !state.pointee.isTurnGiven else { return }
        unsafe state.pointee.isTurnGiven = true
        unsafe PyThread_release_lock(state.pointee.turn)
    }
}

/// A type object as the functions want it that make instances.
func typeObject(_ type: PyPointer) -> OpaquePointer { OpaquePointer(type) }
