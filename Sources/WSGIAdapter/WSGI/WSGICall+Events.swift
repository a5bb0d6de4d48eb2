internal import CEngineABI
internal import CPython
internal import CSystem
internal import PythonRuntime
internal import WSGICore
internal import WSGIWire

/// Requests that somebody observes: events and metrics. `events.py` has the keys of the events, in the order of the
/// values here. All members need the GIL.
extension WSGICall {
    /// Whether somebody observes the requests of this interpreter.
    @inline(__always)
    var isObserved: Bool { hasSubscribers || RequestRecording.isOn }

    private var events: UnsafeMutablePointer<Events> { unsafe context.state.pointee.interpreter.events }

    /// Calls the application and passes on its response, with events before and after, and measures both.
    @inline(never)
    func callObserved(
        _ application: Object, _ head: RequestHead, _ environ: Object, _ start: Object, _ entered: Int64
    ) -> Int32 {
        let times = RequestTimes(head, entered, started(environ))
        let measurement = Measurement.begin(at: times.applicationStart)
        unsafe exchange.pointee.meter.isOn = true
        let outcome = run(application, environ, start, times)
        let result = measurement.end()
        // Other threads of the application may still read or write.
        unsafe exchange.pointee.meter.isOn = false
        let status = unsafe outcome > 0 ? Int(outcome) : exchange.pointee.status
        if RequestRecording.isOn { record(times, result, status) }
        announceFinished(times, result, status)
        return outcome
    }

    private func run(_ application: Object, _ environ: Object, _ start: Object, _ times: RequestTimes) -> Int32 {
        guard let chosen = announceStarted(application, environ, times),
            let result = chosen.object.call(environ, start)
        else { return failed() }
        let outcome = deliver(result)
        // Otherwise the rest would be sent after the measurement.
        guard unsafe exchange.pointee.phase == .complete else { return outcome }
        let isSent = measuringWrite { Attachment.detached { sendDeferred() } }
        return isSent ? outcome : WSGI_OUTCOME_TRUNCATED.rawValue
    }

    /// `mod_wsgi.application_start`, in microseconds.
    private func started(_ environ: Object) -> Int64 {
        let key = unsafe exchange.pointee.interpreter.pointee.environ.keys[EnvironKey.applicationStart.rawValue]
        guard let value = unsafe PyDict_GetItemWithError(environ.pointer, key) else {
            return wsgi_wall_clock_microseconds()
        }
        return unsafe Int64((PyFloat_AsDouble(value) * 1e6).rounded())
    }

    // MARK: - Events

    /// `request_started`. Returns the application to call; `nil` with a Python exception set.
    private func announceStarted(_ application: Object, _ environ: Object, _ times: RequestTimes) -> Reference? {
        guard hasSubscribers else { return application.retained }
        let isDaemon = unsafe ProcessState.current?.pointee.isDaemon == true
        let payload = unsafe events.pointee.announce(
            "request_started",
            [
                id, thread, Python.integer(isDaemon ? 1 : 0)?.take(), Python.integer(times.isReloaded ? 1 : 0)?.take(),
                Python.integer(times.serverPID)?.take(), Python.time(times.requestStart),
                Python.time(times.queueStart), Python.time(times.daemonStart), Python.time(times.applicationStart),
                application.retained.take(), Python.text(Text.string(exchange.pointee.callable))?.take(),
                environ.retained.take(), context.data?.retained.take(),
            ])
        guard let payload else { return nil }
        guard let chosen = unsafe Object(PyDict_GetItemString(payload.object.pointer, "application_object")) else {
            return application.retained
        }
        return chosen.retained
    }

    /// Whether somebody has subscribed to the events of the request.
    @inline(__always)
    var hasSubscribers: Bool { unsafe events.pointee.areObserved }

    /// `response_started`, before status and headers are checked; false with a Python exception set.
    @inline(never)
    func announceResponse(_ status: Object, _ headers: Object, _ exception: Object?) -> Bool {
        let values = unsafe [
            id, status.retained.take(), headers.retained.take(), (exception ?? Object.none).retained.take(),
            context.data?.retained.take(),
        ]
        return unsafe events.pointee.announce("response_started", values) != nil
    }

    /// `request_exception`.
    func announceException(_ exception: Object) {
        guard hasSubscribers else { return }
        let values = unsafe [
            id, events.pointee.information(on: exception), context.data?.retained.take(),
        ]
        if unsafe events.pointee.announce("request_exception", values) == nil { PyErr_Clear() }
    }

    /// `request_finished`.
    private func announceFinished(_ times: RequestTimes, _ result: Measurement.Result, _ status: Int) {
        guard hasSubscribers else { return }
        // Now `RequestTimeout` would only be lost in a callback.
        ThreadContext.current?.endInterruptible()
        let meter = unsafe exchange.pointee.meter
        let values = unsafe [
            id, thread, Python.integer(times.serverPID)?.take(), Python.time(times.requestStart),
            Python.time(times.queueStart), Python.time(times.daemonStart), Python.time(result.start),
            Python.time(result.end), Python.time(result.duration), Python.integer(Int64(meter.reads))?.take(),
            Python.integer(meter.bytesRead)?.take(), Python.seconds(meter.readTime),
            Python.integer(Int64(meter.writes))?.take(), Python.integer(exchange.pointee.delivered)?.take(),
            Python.seconds(meter.writeTime), Python.integer(Int64(status))?.take(), Python.time(result.cpu.user),
            Python.time(result.cpu.system), Python.time(result.cpu.user + result.cpu.system),
            Python.seconds(result.waited), Python.integer(Int64(result.waits))?.take(), context.data?.retained.take(),
        ]
        if unsafe events.pointee.announce("request_finished", values) == nil { PyErr_Clear() }
    }

    /// The request's id, or None; a new reference.
    private var id: PyPointer? { unsafe context.requestKey?.take() ?? Object.none.retained.take() }

    private var thread: PyPointer? { unsafe Python.integer(Int64(context.state.pointee.thread))?.take() }

    // MARK: - Times

    /// Runs `body`, which sends a part of the response. Its time is measured if somebody observes the request.
    @inline(__always)
    func measuringWrite<Result>(_ body: () -> Result) -> Result {
        guard unsafe exchange.pointee.meter.isOn else { return body() }
        let start = wsgi_monotonic_nanoseconds()
        let result = body()
        unsafe exchange.pointee.meter.writeTime &+= wsgi_monotonic_nanoseconds() &- start
        return result
    }

    /// Runs `body`, one call of the application for its body.
    @inline(__always)
    func measuringRead<Result>(_ body: () -> Result) -> Result {
        unsafe exchange.pointee.meter.reads &+= 1
        guard unsafe exchange.pointee.meter.isOn else { return body() }
        let start = wsgi_monotonic_nanoseconds()
        let result = body()
        unsafe exchange.pointee.meter.readTime &+= wsgi_monotonic_nanoseconds() &- start
        return result
    }

    /// Adds the request to the metrics.
    private func record(_ times: RequestTimes, _ result: Measurement.Result, _ status: Int) {
        func time(_ from: Int64, _ to: Int64) -> Int64 { max(0, to &- from) }
        let isDaemon = times.daemonStart != 0
        let server = time(times.requestStart, isDaemon ? times.queueStart : times.applicationStart)
        let queue = isDaemon ? time(times.queueStart, times.daemonStart) : nil
        let daemon = isDaemon ? time(times.daemonStart, times.applicationStart) : nil
        let whole = server &+ (queue ?? 0) &+ (daemon ?? 0) &+ result.duration
        let meter = unsafe exchange.pointee.meter
        RequestRecording.add(
            FinishedRequest(
                thread: unsafe context.state.pointee.thread, start: result.start, status: status, meter: meter,
                bytesWritten: unsafe exchange.pointee.delivered, cpu: result.cpu.user + result.cpu.system,
                waits: result.waits,
                times: [
                    server, queue, daemon, result.duration, whole, Int64(meter.readTime / 1_000),
                    Int64(meter.writeTime / 1_000), Int64(result.waited / 1_000),
                ]))
    }
}

/// When a request passed from one part of the server to the next, in microseconds since 1970; 0: it did not.
struct RequestTimes {
    let requestStart: Int64
    let queueStart: Int64
    let daemonStart: Int64
    let applicationStart: Int64
    /// The process of httpd that has accepted the request.
    let serverPID: Int64
    /// Whether the request was passed on because its script had changed.
    let isReloaded: Bool

    init(_ head: RequestHead, _ entered: Int64, _ applicationStart: Int64) {
        requestStart = head.requestStart
        queueStart = head.queueStart
        daemonStart = unsafe ProcessState.current?.pointee.isDaemon == true ? entered : 0
        self.applicationStart = applicationStart
        serverPID = unsafe head.value(of: "mod_wsgi.server_pid").flatMap { unsafe Int64(Text.string($0)) } ?? 0
        isReloaded = head.flags.contains(.reloaded)
    }
}

extension Python {
    /// Microseconds as a float of seconds; a new reference.
    fileprivate static func time(_ microseconds: Int64) -> PyPointer? {
        unsafe PyFloat_FromDouble(Double(microseconds) / 1e6)
    }

    /// Nanoseconds as a float of seconds; a new reference.
    fileprivate static func seconds(_ nanoseconds: UInt64) -> PyPointer? {
        unsafe PyFloat_FromDouble(Double(nanoseconds) / 1e9)
    }
}
