internal import CPython
internal import PythonRuntime
internal import Synchronization

/// A request thread, for others that want to know what it does, or to end it: a worker's monitor.
///
/// It may be handed to any thread, and is good as long as the thread it names lives.
@safe public struct RequestThread: @unchecked Sendable {
    private let state: UnsafeMutablePointer<ThreadState>

    /// The calling thread; `nil`: there is no memory for it.
    public static var current: RequestThread? {
        guard let context = ThreadContext.current else { return nil }
        return unsafe RequestThread(state: context.state)
    }

    /// Python's number of the thread, as its stack dumps show it.
    public var ident: UInt { unsafe state.pointee.ident }

    /// Raises `RequestTimeout` in the application that runs on the thread, if `isWanted` still says so when it cannot
    /// end any more. Called without the GIL, which it waits for.
    ///
    /// - Returns: The thread's Python stack before that; `nil`: nothing of Python runs there, or `isWanted` said no.
    public func interrupt(isWanted: () -> Bool) -> String? {
        enter { interpreter in
            guard isWanted() else { return nil }
            let stack = Self.stack(ident, interpreter)
            // Reading the source of the stack has let other threads run: the request may have ended, and another begun.
            guard isWanted(), unsafe state.pointee.interruptible.load(ordering: .acquiring) == interpreter.state else {
                return nil
            }
            unsafe state.pointee.isInterrupted = true
            unsafe PyThreadState_SetAsyncExc(ident, interpreter.state.pointee.timeout)
            return stack
        }
    }

    /// The thread's Python stack; `nil`: nothing of Python runs there. Called without the GIL, which it waits for.
    public func stack() -> String? { enter { Self.stack(ident, $0) } }

    /// Runs `body` with the GIL of the interpreter in which the application runs on this thread; it stays there meanwhile.
    private func enter(_ body: (Interpreter) -> String?) -> String? {
        guard let running = unsafe state.pointee.interruptible.load(ordering: .acquiring),
            let own = ThreadContext.current, unsafe own.attach(running.pointee.name) != nil
        else { return nil }
        defer { unsafe PyEval_SaveThread() }
        guard unsafe state.pointee.interruptible.load(ordering: .acquiring) == running else { return nil }
        return unsafe body(Interpreter(state: running))
    }

    private static func stack(_ ident: UInt, _ interpreter: Interpreter) -> String? {
        defer { if PythonError.occurred { PyErr_Clear() } }
        guard let number = unsafe Reference(PyLong_FromSize_t(Int(bitPattern: ident))),
            let text = unsafe Object(interpreter.state.pointee.functions.stack).call(number.object)
        else { return nil }
        return text.object.text
    }
}

extension ThreadContext {
    /// From now on `RequestTimeout` may be raised on this thread. Needs the GIL.
    func beginInterruptible(_ interpreter: Interpreter) {
        unsafe state.pointee.isInterrupted = false
        unsafe state.pointee.interruptible.store(interpreter.state, ordering: .releasing)
    }

    /// From now on it may not, and one that was to be raised is not any more. Needs the GIL; harmless when repeated.
    func endInterruptible() {
        guard unsafe state.pointee.interruptible.load(ordering: .relaxed) != nil else { return }
        unsafe state.pointee.interruptible.store(nil, ordering: .relaxed)
        if unsafe state.pointee.isInterrupted { unsafe PyThreadState_SetAsyncExc(state.pointee.ident, nil) }
    }

    /// Whether `RequestTimeout` was raised in the request that runs. Needs the GIL.
    var isInterrupted: Bool { unsafe state.pointee.isInterrupted }
}
