internal import CPython
internal import PythonRuntime
internal import Synchronization

/// A request thread, for a worker's monitor, which inspects or interrupts it.
///
/// May be passed to any thread, and is valid while its thread lives.
@safe public struct RequestThread: @unchecked Sendable {
    private let state: UnsafeMutablePointer<ThreadState>

    /// The calling thread; `nil`: out of memory.
    public static var current: RequestThread? {
        guard let context = ThreadContext.current else { return nil }
        return unsafe RequestThread(state: context.state)
    }

    /// Python's id of the thread, as in stack dumps.
    public var ident: UInt { unsafe state.pointee.ident }

    /// Raises `RequestTimeout` in the application that runs on the thread, if `isWanted` is still true once the request
    /// can no longer end. Called without the GIL; waits for it.
    ///
    /// - Returns: The thread's Python stack before that; `nil`: no Python code runs there, or `isWanted` was false.
    public func interrupt(isWanted: () -> Bool) -> String? {
        enter { interpreter in
            guard isWanted() else { return nil }
            let stack = Self.stack(ident, interpreter)
            // Reading the stack's source lets other threads run: the request may have ended and another begun.
            guard isWanted(), unsafe state.pointee.interruptible.load(ordering: .acquiring) == interpreter.state else {
                return nil
            }
            unsafe state.pointee.isInterrupted = true
            unsafe PyThreadState_SetAsyncExc(ident, interpreter.state.pointee.timeout)
            return stack
        }
    }

    /// The thread's Python stack; `nil`: no Python code runs there. Called without the GIL; waits for it.
    public func stack() -> String? { enter { Self.stack(ident, $0) } }

    /// Runs `body` with the GIL of the interpreter in which the application runs on this thread. The application stays
    /// there during the call.
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
    /// Allows `RequestTimeout` to be raised on this thread. Needs the GIL.
    func beginInterruptible(_ interpreter: Interpreter) {
        unsafe state.pointee.isInterrupted = false
        unsafe state.pointee.interruptible.store(interpreter.state, ordering: .releasing)
    }

    /// Disallows it, and cancels one that is pending. Needs the GIL. May be repeated.
    func endInterruptible() {
        guard unsafe state.pointee.interruptible.load(ordering: .relaxed) != nil else { return }
        unsafe state.pointee.interruptible.store(nil, ordering: .relaxed)
        if unsafe state.pointee.isInterrupted { unsafe PyThreadState_SetAsyncExc(state.pointee.ident, nil) }
    }

    /// Whether `RequestTimeout` was raised in the current request. Needs the GIL.
    var isInterrupted: Bool { unsafe state.pointee.isInterrupted }
}
