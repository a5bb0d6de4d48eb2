internal import CEngineABI
internal import CPython
internal import PythonRuntime
internal import Synchronization
internal import WSGICore

/// The loading of a script in an interpreter other than the main one, for a watch that reports it if it takes long.
@safe public final class ScriptLoad: @unchecked Sendable {
    private let subject: String
    private let interpreter: Interpreter
    /// The thread state of the thread that loads. There may be others of this thread, in other interpreters.
    private let threadState: OpaquePointer?
    private let over = Atomic<Bool>(false)
    /// Python's id of the thread that loads.
    public let ident: UInt

    private static let listener = Locked<(@Sendable (ScriptLoad) -> Void)?>(nil)

    private init(_ subject: String, _ interpreter: Interpreter) {
        (self.subject, self.interpreter) = (subject, interpreter)
        unsafe threadState = PyThreadState_Get()
        ident = UInt(PyThread_get_thread_ident())
    }

    /// Sets the function that is called when a load begins, with the GIL, on the thread that loads.
    static func listen(_ callback: @escaping @Sendable (ScriptLoad) -> Void) { listener.withLock { $0 = callback } }

    /// Begins a load. Needs the GIL. `nil`: it is not watched.
    static func begin(_ path: String, in interpreter: Interpreter) -> ScriptLoad? {
        // The scripts of a service run until it ends.
        guard !interpreter.text.isEmpty, unsafe ProcessState.current?.pointee.isService == false,
            let callback = listener.withLock({ $0 })
        else { return nil }
        let load = ScriptLoad("WSGI script '\(path)' \(interpreter.label)", interpreter)
        callback(load)
        return load
    }

    /// Ends it.
    func end() { over.store(true, ordering: .sequentiallyConsistent) }

    /// Whether it has ended.
    public var isOver: Bool { over.load(ordering: .sequentiallyConsistent) }

    /// The Python stack of the thread; `nil`: the load has ended. Called without the GIL; waits for it.
    public func stack() -> String? { StackReaders.run { readStack() } }

    private func readStack() -> String? {
        guard !isOver, let thread = ThreadContext.current,
            unsafe thread.attach(interpreter.state.pointee.name) != nil
        else { return nil }
        defer { unsafe PyEval_SaveThread() }
        return isOver ? nil : currentStack
    }

    private var currentStack: String? {
        defer { if PythonError.occurred { PyErr_Clear() } }
        guard let threadState = unsafe threadState,
            let frame = unsafe Reference(wsgi_thread_frame(threadState)),
            let text = unsafe Object(interpreter.state.pointee.functions.stackOfFrame).call(frame.object)
        else { return "" }
        return text.object.text
    }

    /// Logs that it takes long, with lines about where it is. Without the GIL.
    public func report(seconds: Int64, _ details: String) {
        LogTarget.process.write(
            WSGI_LOG_WARNING, .loadingSlow,
            "\(subject) has been loading for \(seconds) s. If it does not end, an extension module may support the main "
                + "interpreter only: add 'WSGIApplicationGroup %{GLOBAL}' to its directory or location, or "
                + "application-group=%{GLOBAL} to its WSGIScriptAlias.")
        for line in details.split(separator: "\n") { LogTarget.process.write(WSGI_LOG_WARNING, String(line)) }
    }
}
