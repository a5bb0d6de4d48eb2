internal import CPython
internal import PythonRuntime
internal import WSGICore

/// The events that applications subscribe to with the module `mod_wsgi`, in one interpreter. `events.py` has the
/// subscriptions and the keys of each event.
///
/// References are owned and live as long as the interpreter. All members need its GIL.
@safe struct Events {
    /// The list `event_callbacks`, which applications may change.
    private let callbacks: PyPointer
    private let publish: PyPointer
    private let hasSubscribers: PyPointer
    private let exceptionInfo: PyPointer

    /// The index among the parts of the host.
    nonisolated(unsafe) fileprivate static var part = 0

    /// Registers the part. After the module `mod_wsgi`, which it adds names to.
    static func register() { unsafe part = HostPart.register(prepare: prepare) }

    private static func prepare(_ interpreter: Interpreter) -> Bool {
        guard let process = unsafe ProcessState.current, let names = PythonSource.events.run(),
            let module = Python.module("mod_wsgi"), let install = names.object("install"),
            let log = LogFunctions.log(),
            let report = unsafe Reference(PyCFunction_NewEx(reportMethod.pointer, nil, nil)),
            let arguments = unsafe Python.tuple(
                owned: [
                    module.object.retained.take(), Object.bool(process.pointee.isDaemon).retained.take(),
                    Object(interpreter.state.pointee.timeout).retained.take(), log.take(), report.take(),
                ]),
            unsafe Reference(PyObject_CallObject(install.pointer, arguments.object.pointer)) != nil,
            let callbacks = unsafe names.take("event_callbacks"), let publish = unsafe names.take("publish"),
            let hasSubscribers = unsafe names.take("has_subscribers"),
            let exceptionInfo = unsafe names.take("exception_info")
        else { return false }
        let events = unsafe Events(
            callbacks: callbacks, publish: publish, hasSubscribers: hasSubscribers, exceptionInfo: exceptionInfo)
        unsafe interpreter.keep(events, for: part)
        return true
    }

    /// Whether anything is called for the events of requests.
    @inline(__always)
    var areObserved: Bool { unsafe PyList_Size(callbacks) > 0 }

    /// Whether anything is called for this event of the process.
    func areObserved(for event: StaticString) -> Bool {
        guard let name = Python.interned(event), let answer = unsafe Object(hasSubscribers).call(name.object) else {
            PyErr_Clear()
            return false
        }
        return unsafe answer.object.pointer == Object.bool(true).pointer
    }

    /// Calls the subscribers of an event; what they raise is logged.
    ///
    /// - Parameter values: New references to the values of its keys, in the order of `events.py`.
    /// - Returns: The payload after all of them; `nil` with a Python exception set: a value is missing, or
    ///   `RequestTimeout` was raised.
    @discardableResult
    func announce(_ event: StaticString, _ values: [PyPointer?]) -> Reference? {
        guard let values = unsafe Python.tuple(owned: values), let name = Python.interned(event) else { return nil }
        return unsafe Object(publish).call(name.object, values.object)
    }

    /// An exception as `sys.exc_info()` returns it; a new reference.
    func information(on exception: Object) -> PyPointer? { unsafe Object(exceptionInfo).call(exception)?.take() }

    // MARK: - Exceptions of callbacks

    @safe private struct Definition: @unchecked Sendable {
        let pointer: UnsafeMutablePointer<PyMethodDef>
    }

    private static let reportMethod = unsafe Definition(
        pointer: Method.table([Method("report") { unsafe Events.report($0, $1, $2) }]))

    /// `report(exception, event)`: logs an exception that a callback has raised.
    private static func report(
        _ module: PyPointer?, _ arguments: UnsafePointer<PyPointer?>?, _ count: Int
    ) -> PyPointer? {
        guard count == 2, let exception = unsafe Object(arguments?[0]), let event = unsafe Object(arguments?[1]) else {
            return unsafe PythonError.raise(WSGI_TYPE_ERROR, "report() takes an exception and the name of an event")
        }
        let exits = unsafe exception.isInstance(of: Object(wsgi_exception(WSGI_SYSTEM_EXIT)))
        ExceptionReport.log(
            exception, exits ? .callbackExited : .callbackRaised,
            exits
                ? "SystemExit exception raised by a callback for the event '\(event.text)'; ignored."
                : "\(exception.typeName) exception raised by a callback for the event '\(event.text)'.",
            to: ThreadContext.runningRequest?.log ?? .process)
        return unsafe Object.none.retained.take()
    }
}

extension Interpreter {
    /// The events of this interpreter.
    var events: UnsafeMutablePointer<Events> { unsafe kept(Events.self, for: Events.part) }
}
