internal import CPython
internal import PythonRuntime
internal import Synchronization
internal import WSGICore

/// The interpreters of the process: one for each application group in use, never more.
enum InterpreterRegistry {
    /// Held while an interpreter is looked up or created; never waited for with the GIL.
    private static let all = Locked<[Interpreter]>([])
    /// Whether an interpreter with its own GIL has been created.
    private static let hasOwnGILs = Atomic<Bool>(false)

    /// Records the main interpreter.
    static func add(_ interpreter: Interpreter) {
        all.withLock { $0.append(interpreter) }
    }

    /// Attaches `thread` to the interpreter of `group` for the first time; see `ThreadContext.attach`.
    static func attach(
        _ thread: ThreadContext, _ group: UnsafeRawBufferPointer
    ) -> UnsafeMutablePointer<AttachmentState>? {
        let found = unsafe find(thread, group)
        guard let interpreter = found.interpreter else { return nil }
        if found.isNew {
            // `make` has attached and recorded its thread state.
            return unsafe thread.state.pointee.attachments
        }
        return unsafe thread.enter(interpreter)
    }

    /// Acquires and releases every GIL; see `Adapter.probe`.
    static func probe(_ thread: ThreadContext) {
        let interpreters = all.withLock { $0 }
        for (index, interpreter) in interpreters.enumerated()
        where unsafe index == 0 || interpreter.state.pointee.hasOwnGIL {
            if unsafe thread.attach(interpreter.state.pointee.name) != nil { unsafe PyEval_SaveThread() }
        }
    }

    /// Calls `body` for each interpreter, attached to it. Without the GIL.
    static func forEach(_ body: (Interpreter) -> Void) {
        guard let thread = ThreadContext.current else { return }
        for interpreter in all.withLock({ $0 }) {
            guard unsafe thread.attach(interpreter.state.pointee.name) != nil else { continue }
            body(interpreter)
            unsafe PyEval_SaveThread()
        }
    }

    private static func find(
        _ thread: ThreadContext, _ group: UnsafeRawBufferPointer
    ) -> (interpreter: Interpreter?, isNew: Bool) {
        all.withLock { interpreters in
            for interpreter in interpreters where unsafe Text.equal(interpreter.state.pointee.name, group) {
                return (interpreter, false)
            }
            let isPassing = unsafe thread.state.pointee.attachments == nil
            guard let main = interpreters.first, attachMain(thread, main) else { return (nil, false) }
            guard let made = unsafe make(thread, group, isPassing) else { return (nil, false) }
            interpreters.append(made)
            return (made, true)
        }
    }

    /// Attaches to the main interpreter, which must be current to create another.
    private static func attachMain(_ thread: ThreadContext, _ main: Interpreter) -> Bool {
        var candidate = unsafe thread.state.pointee.attachments
        while let attachment = unsafe candidate {
            if unsafe attachment.pointee.interpreter.state == main.state {
                unsafe PyEval_RestoreThread(attachment.pointee.threadState)
                return true
            }
            unsafe candidate = unsafe attachment.pointee.next
        }
        return unsafe thread.enter(main) != nil
    }

    /// Creates an interpreter and leaves it attached; `nil`: nothing is attached.
    ///
    /// - Parameter isPassing: Whether the thread is attached to the main interpreter only for this call.
    private static func make(
        _ thread: ThreadContext, _ group: UnsafeRawBufferPointer, _ isPassing: Bool
    ) -> Interpreter? {
        guard let main = unsafe PyThreadState_Get(), let process = unsafe ProcessState.current else { return nil }
        let name = unsafe Text.string(group)
        let spec = unsafe process.pointee.spec.interpreter(of: name)
        let hasOwnGIL = spec.hasOwnGIL && SwitchInterval.ownGILObstacle == nil
        guard unsafe wsgi_new_interpreter(hasOwnGIL, SwitchInterval.ownGILObstacle == nil) != nil else {
            PyErr_Clear()
            unsafe PyEval_SaveThread()
            return nil
        }
        let interval = unsafe spec.switchInterval > 0 ? spec.switchInterval : process.pointee.spec.switchInterval
        guard let made = Interpreter.make(name: name, spec, hasOwnGIL: hasOwnGIL),
            !hasOwnGIL || SwitchInterval.set(interval)
        else {
            ExceptionReport.log(.interpreterFailed, "Cannot prepare the interpreter '\(name)'.", to: .process)
            unsafe wsgi_end_interpreter(main)
            unsafe PyEval_SaveThread()
            return nil
        }
        if hasOwnGIL { hasOwnGILs.store(true, ordering: .relaxed) }
        if isPassing, wsgi_python_version() < 0x030C_0000 {
            // There PyGILState_Ensure and faulthandler use the first thread state of a thread, so it should be the one
            // that runs requests. The thread state that created the interpreter stays with it.
            unsafe thread.leave(main)
            if let known = unsafe PyThreadState_New(made.state.pointee.interpreter) { unsafe PyThreadState_Swap(known) }
        }
        thread.adopt(made, isAdopted: false)
        Attachment.detached { SwitchInterval.warn(spec, name, hasOwnGIL: hasOwnGIL) }
        return made
    }

    /// Ends all interpreters except the main one; see `Adapter.stop`.
    static func stop() -> Bool {
        guard let thread = ThreadContext.current, let main = unsafe PyThreadState_Get() else { return false }
        let (first, interpreters) = all.withLock { interpreters in
            let all = (interpreters.first, Array(interpreters.dropFirst()))
            interpreters.removeAll()
            return all
        }
        var ended = true
        unsafe PyEval_SaveThread()
        StackReaders.wait()
        for interpreter in interpreters.reversed() {
            guard unsafe thread.attach(interpreter.state.pointee.name) ?? thread.enter(interpreter) != nil else {
                ended = false
                continue
            }
            ThreadContext.reap(interpreter)
            if unsafe !interpreter.end(main) { ended = false }
            unsafe PyEval_SaveThread()
        }
        unsafe PyEval_RestoreThread(main)
        // Up to 3.12, extension modules keep objects of the interpreter that used them first, and the main interpreter
        // frees them when it ends. If the first interpreter had its own GIL, they are memory of that interpreter.
        if hasOwnGILs.load(ordering: .relaxed), wsgi_python_version() < 0x030D_0000 {
            first?.waitForThreads()
            ended = false
        }
        if !ended { first?.runExitFunctions() }
        return ended
    }
}
