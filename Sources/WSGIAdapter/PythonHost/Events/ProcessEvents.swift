internal import CPython
internal import PythonRuntime
internal import WSGICore

/// Events of the process, which every interpreter with a subscriber receives. Without the GIL.
enum ProcessEvents {
    /// `process_stopping`: the process ends soon. `reason` is the name of a `ShutdownReason`, empty in embedded mode.
    static func announceStopping(_ reason: String) {
        unsafe announce("process_stopping") { unsafe [Python.text(reason)?.take()] }
    }

    /// `process_signal`. Returns whether there was a subscriber.
    static func announceSignal(_ name: String, _ number: Int32) -> Bool {
        unsafe announce("process_signal") { unsafe [Python.text(name)?.take(), Python.integer(Int64(number))?.take()] }
    }

    @discardableResult
    private static func announce(_ event: StaticString, _ values: () -> [PyPointer?]) -> Bool {
        var isObserved = false
        InterpreterRegistry.forEach { interpreter in
            let events = unsafe interpreter.events
            guard unsafe events.pointee.areObserved(for: event) else { return }
            isObserved = true
            if unsafe events.pointee.announce(event, values()) == nil {
                ExceptionReport.log(.callbackRaised, "The event '\(event)' cannot be passed on.", to: .process)
            }
        }
        return isObserved
    }
}
