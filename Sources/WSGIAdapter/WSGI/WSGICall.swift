internal import CEngineABI
internal import CPython
internal import PythonRuntime
internal import WSGICore
internal import WSGIWire

/// The processing of one request by the application: the core of WSGI.
///
/// Read `serve` first. All members need the GIL unless noted otherwise.
@safe struct WSGICall {
    let context: RequestContext
    let exchange: UnsafeMutablePointer<WSGIExchange>

    private init(_ context: RequestContext, _ exchange: UnsafeMutablePointer<WSGIExchange>) {
        self.context = context
        unsafe self.exchange = exchange
    }

    /// Begins a request.
    private init(_ context: RequestContext, _ head: RequestHead) {
        self.context = context
        if let kept = unsafe context.state.pointee.parts[WSGIInterpreter.part] {
            unsafe exchange = kept.assumingMemoryBound(to: WSGIExchange.self)
        } else {
            unsafe exchange = .allocate(capacity: 1)
            unsafe exchange.initialize(to: WSGIExchange(interpreter: context.state.pointee.interpreter.wsgi))
            unsafe context.state.pointee.parts[WSGIInterpreter.part] = UnsafeMutableRawPointer(exchange)
        }
        unsafe exchange.pointee.begin(head, context.state.pointee.interpreter.wsgi)
    }

    /// The request of an input or response object; `nil`: it has ended.
    static func of(_ object: PyPointer?) -> WSGICall? {
        guard let context = unsafe RequestContext.of(object),
            let exchange = unsafe context.state.pointee.parts[WSGIInterpreter.part]
        else { return nil }
        return unsafe WSGICall(context, exchange.assumingMemoryBound(to: WSGIExchange.self))
    }

    /// Frees an exchange whose thread has ended.
    static func discard(_ exchange: UnsafeMutableRawPointer) {
        let exchange = unsafe exchange.assumingMemoryBound(to: WSGIExchange.self)
        unsafe exchange.deinitialize(count: 1)
        unsafe exchange.deallocate()
    }

    /// Runs one request; see `Adapter.run`.
    static func run(_ head: UnsafeRawBufferPointer, _ transport: UnsafePointer<wsgi_transport>) -> Int32 {
        guard unsafe ProcessState.current != nil, let thread = ThreadContext.current else { return 500 }
        Attachment.resetWaits()
        let request: RequestHead
        do {
            request = unsafe try RequestHead(head)
        } catch {
            unsafe LogTarget.transport(transport).write(WSGI_LOG_ERR, "The request head cannot be decoded: \(error).")
            return 500
        }
        guard let attachment = unsafe thread.attach(request.applicationGroup) else {
            unsafe thread.logNotAttached(request, transport)
            return 500
        }
        let call = unsafe WSGICall(thread.push(attachment, request, transport), request)
        let outcome = call.serve(request)
        unsafe PyEval_SaveThread()
        let final = call.conclude(outcome)
        thread.pop(call.context)
        return final
    }

    // MARK: - The request

    /// Runs the application and passes on its response. `conclude` sends the rest without the GIL.
    func serve(_ head: RequestHead) -> Int32 {
        let entered = wsgi_wall_clock_microseconds()
        let interpreter = unsafe context.state.pointee.interpreter
        let script = unsafe interpreter.scripts.pointee.table.entry(
            head.script, ignoresCase: head.flags.contains(.ignoresCase))
        ThreadContext.current?.beginInterruptible(interpreter)
        if let answer = context.prepare(script, head, asksScript: true) { return turnedAway(answer) }
        var isFirst = unsafe !script.knows(head.callableObject)
        guard let name = unsafe script.name(head.callableObject),
            let application = unsafe find(name, script, head, isNew: &isFirst)
        else {
            let status = notFound(script, head)
            return turnedAway(unsafe context.leaveToOthers(script, head, lacking: head.callableObject) ?? status)
        }
        if isFirst { unsafe announce(script, head.callableObject, head.value(of: "SCRIPT_NAME")) }
        let outcome = unsafe call(application.object, head, name, entered)
        _ = consume application
        finish()
        return outcome
    }

    /// The application. If its factory has not been called yet, this is done, and `isNew` is set.
    @inline(__always)
    private func find(_ name: PyPointer, _ script: Script, _ head: RequestHead, isNew: inout Bool) -> Reference? {
        if let found = unsafe script.callable(name) { return found }
        return make(script, head, isNew: &isNew)
    }

    private func make(_ script: Script, _ head: RequestHead, isNew: inout Bool) -> Reference? {
        PyErr_Clear()
        guard let factory = unsafe Factory(head.callableObject, of: script),
            let made = unsafe factory.application(in: context.state.pointee.interpreter, target: context.log)
        else { return nil }
        isNew = true
        return made
    }

    /// The status of a request whose script does not have the application. The failure of a factory has been logged.
    private func notFound(_ script: Script, _ head: RequestHead) -> Int32 {
        PyErr_Clear()
        if let factory = unsafe Factory(head.callableObject, of: script), factory.isDefined { return 500 }
        let message = unsafe script.missingCallable(head.callableObject, in: context.state.pointee.interpreter)
        let target = context.log
        Attachment.detached { target.write(WSGI_LOG_ERR, .callableNotFound, message) }
        return 404
    }

    /// Ends the request with this outcome, without the application; with 504 if it was interrupted before.
    private func turnedAway(_ answer: Int32) -> Int32 {
        guard let thread = ThreadContext.current else { return answer }
        thread.endInterruptible()
        let hasFailed = answer == 500 || answer == WSGI_OUTCOME_UNUSABLE.rawValue
        return thread.isInterrupted && hasFailed ? 504 : answer
    }

    /// Reports an application when it is first found: a successor must find it before it takes over.
    private func announce(
        _ script: Script, _ callable: UnsafeRawBufferPointer, _ mountPoint: UnsafeRawBufferPointer?
    ) {
        let group = unsafe context.state.pointee.interpreter.text
        let spec = unsafe ScriptSpec(
            path: script.path, applicationGroup: group, callableObject: Text.string(callable),
            mountPoint: mountPoint.map { unsafe Text.string($0) } ?? "")
        Attachment.detached { ScriptEvents.announce(.loaded(spec)) }
    }

    @inline(__always)
    private func call(_ application: Object, _ head: RequestHead, _ name: PyPointer, _ entered: Int64) -> Int32 {
        context.beginActive(at: entered)
        guard makeObjects(), let response = unsafe exchange.pointee.response,
            let environ = unsafe makeEnviron(head, name, entered),
            let start = unsafe Reference(
                PyCFunction_NewEx(exchange.pointee.interpreter.pointee.startResponse, response, nil))
        else { return failed() }
        if isObserved { return callObserved(application, head, environ.object, start.object, entered) }
        guard let result = application.call(environ.object, start.object) else { return failed() }
        return deliver(result)
    }

    /// Creates the request's objects: `wsgi.input`, `wsgi.errors`, and the object whose method is `start_response`.
    private func makeObjects() -> Bool {
        guard context.makeErrors(.request) else { return false }
        let types = unsafe exchange.pointee.interpreter
        unsafe exchange.pointee.input = context.makeObject(types.pointee.inputType)
        unsafe exchange.pointee.response = context.makeObject(types.pointee.responseType)
        return unsafe exchange.pointee.input != nil && exchange.pointee.response != nil
    }

    /// Detaches the request's objects. Code that kept one gets a RuntimeError from now on.
    private func finish() {
        context.beginEnd()
        unsafe RequestContext.release(&exchange.pointee.input)
        unsafe RequestContext.release(&exchange.pointee.response)
        context.completeEnd()
    }

    /// Sends the data that `serve` held back, and completes the last log line. Without the GIL.
    func conclude(_ outcome: Int32) -> Int32 {
        var result = outcome
        if unsafe exchange.pointee.phase == .complete, !sendDeferred() { result = WSGI_OUTCOME_TRUNCATED.rawValue }
        context.endLines()
        return result
    }

    // MARK: - Failures

    /// Logs the exception that is set. Returns the outcome: a status if nothing has been sent, otherwise a truncated
    /// response.
    func failed() -> Int32 {
        ThreadContext.current?.endInterruptible()
        let isSent = unsafe exchange.pointee.phase == .sent
        // Another thread must not begin a response now: this status is final.
        unsafe exchange.pointee.phase = isSent ? .sent : .failed
        guard let exception = PythonError.take() else { return isSent ? WSGI_OUTCOME_TRUNCATED.rawValue : 500 }
        let isTimeout = context.logRaised(exception.object)
        if !isTimeout { announceException(exception.object) }
        if isSent { return WSGI_OUTCOME_TRUNCATED.rawValue }
        if isTimeout { return 504 }
        // Not the application's fault: the request body is broken, and the application needs it.
        if unsafe exception.object.isInstance(of: Object(wsgi_exception(WSGI_OS_ERROR))) {
            switch unsafe exchange.pointee.bodyError {
            case WSGI_TRANSPORT_TIMEOUT.rawValue: return 408
            case WSGI_TRANSPORT_TOO_LARGE.rawValue: return 413
            case WSGI_TRANSPORT_INVALID.rawValue, WSGI_TRANSPORT_DISCONNECTED.rawValue: return 400
            default: break
            }
        }
        return 500
    }
}
