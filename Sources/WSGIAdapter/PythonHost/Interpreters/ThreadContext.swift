internal import CEngineABI
internal import CPython
internal import PythonRuntime
internal import Synchronization
internal import WSGICore
internal import WSGIWire

/// The adapter's view of the calling thread. Must not be passed to another thread.
@safe struct ThreadContext {
    let state: UnsafeMutablePointer<ThreadState>

    private static let count = Atomic<Int>(0)
    private static let retired = Locked<[Retired]>([])

    /// Thread states of ended threads; the next thread that attaches to their interpreter clears them.
    @safe private struct Retired: @unchecked Sendable {
        let attachment: UnsafeMutablePointer<AttachmentState>
    }

    /// The calling thread's context, created on first use.
    static var current: ThreadContext? {
        if let known = unsafe wsgi_thread_context() {
            return unsafe ThreadContext(state: known.assumingMemoryBound(to: ThreadState.self))
        }
        return make()
    }

    @inline(never)
    private static func make() -> ThreadContext? {
        let state = UnsafeMutablePointer<ThreadState>.allocate(capacity: 1)
        let index = count.wrappingAdd(1, ordering: .relaxed).oldValue
        unsafe state.initialize(
            to: ThreadState(
                index: index, attachments: nil, current: nil, idle: nil, counters: ThreadCounters.make(),
                ident: UInt(PyThread_get_thread_ident())))
        unsafe wsgi_set_thread_context(state) { unsafe ThreadContext.retire($0) }
        unsafe ThreadRegistry.enter(state)
        return unsafe ThreadContext(state: state)
    }

    /// The request that runs on the calling thread, if any.
    static var runningRequest: RequestContext? {
        guard let known = unsafe wsgi_thread_context() else { return nil }
        return unsafe RequestContext(known.assumingMemoryBound(to: ThreadState.self).pointee.current)
    }

    /// Logs that `attach` has failed for a request.
    func logNotAttached(_ head: RequestHead, _ transport: UnsafePointer<wsgi_transport>) {
        unsafe LogTarget.transport(transport).write(
            WSGI_LOG_ERR, LogID.interpreterFailed,
            "Cannot create the interpreter of application group '\(Text.string(head.applicationGroup))'.")
    }

    /// Adopts the attached thread state as this thread's in `interpreter`.
    func adopt(_ interpreter: Interpreter, isAdopted: Bool = true) {
        guard let threadState = unsafe PyThreadState_Get() else { return }
        unsafe add(interpreter, threadState, isAdopted: isAdopted)
    }

    /// Creates a thread state in `interpreter` and attaches to it.
    func enter(_ interpreter: Interpreter) -> UnsafeMutablePointer<AttachmentState>? {
        guard let threadState = unsafe PyThreadState_New(interpreter.state.pointee.interpreter) else { return nil }
        unsafe PyEval_RestoreThread(threadState)
        ThreadContext.reap(interpreter)
        return unsafe add(interpreter, threadState, isAdopted: false)
    }

    /// Releases a thread state of this thread in an interpreter other than the attached one, with the same GIL.
    func leave(_ threadState: OpaquePointer) {
        guard let attachment = unsafe state.pointee.attachments, unsafe attachment.pointee.threadState == threadState
        else { return }
        unsafe state.pointee.attachments = unsafe attachment.pointee.next
        unsafe PyThreadState_Clear(threadState)
        unsafe PyThreadState_Delete(threadState)
        unsafe attachment.deinitialize(count: 1)
        unsafe attachment.deallocate()
    }

    @discardableResult
    private func add(
        _ interpreter: Interpreter, _ threadState: OpaquePointer, isAdopted: Bool
    ) -> UnsafeMutablePointer<AttachmentState> {
        let attachment = UnsafeMutablePointer<AttachmentState>.allocate(capacity: 1)
        unsafe attachment.initialize(
            to: AttachmentState(
                interpreter: interpreter, threadState: threadState, isAdopted: isAdopted, errors: nil,
                next: state.pointee.attachments))
        unsafe state.pointee.attachments = attachment
        return unsafe attachment
    }

    /// Begins a request on this thread. Needs the GIL.
    @inline(__always)
    func push(
        _ attachment: UnsafeMutablePointer<AttachmentState>, _ head: RequestHead,
        _ transport: UnsafePointer<wsgi_transport>
    ) -> RequestContext {
        let next: UnsafeMutablePointer<RequestState>
        if let idle = unsafe state.pointee.idle {
            unsafe state.pointee.idle = unsafe idle.pointee.previous
            unsafe next = idle
        } else {
            unsafe next = UnsafeMutablePointer<RequestState>.allocate(capacity: 1)
            unsafe next.initialize(
                to: RequestState(attachment, transport, thread: state.pointee.index, state.pointee.counters))
        }
        unsafe next.pointee.begin(attachment, head, transport, previous: state.pointee.current)
        unsafe state.pointee.current = next
        return unsafe RequestContext(next)
    }

    /// Ends the request that `push` began.
    func pop(_ request: RequestContext) {
        unsafe state.pointee.current = request.state.pointee.previous
        unsafe request.state.pointee.previous = state.pointee.idle
        unsafe state.pointee.idle = request.state
    }

    /// Called when the thread ends. Other threads clear its thread states, because this thread must no longer wait for
    /// the GIL.
    private static func retire(_ context: UnsafeMutableRawPointer) {
        let state = unsafe context.assumingMemoryBound(to: ThreadState.self)
        unsafe ThreadRegistry.leave(state)
        var next = unsafe state.pointee.attachments
        while let attachment = unsafe next {
            unsafe next = unsafe attachment.pointee.next
            let entry = unsafe Retired(attachment: attachment)
            retired.withLock { $0.append(entry) }
        }
        var idle = unsafe state.pointee.idle
        while let request = unsafe idle {
            unsafe idle = unsafe request.pointee.previous
            unsafe request.deinitialize(count: 1)
            unsafe request.deallocate()
        }
        unsafe state.pointee.counters.deinitialize(count: 1)
        unsafe state.pointee.counters.deallocate()
        unsafe state.deinitialize(count: 1)
        unsafe state.deallocate()
    }

    /// Clears the thread states of ended threads in `interpreter`, which is attached.
    static func reap(_ interpreter: Interpreter) {
        let mine = retired.withLock { all in
            let mine = all.filter { unsafe $0.attachment.pointee.interpreter.state == interpreter.state }
            all.removeAll { unsafe $0.attachment.pointee.interpreter.state == interpreter.state }
            return mine
        }
        for entry in mine {
            unsafe entry.attachment.pointee.errors?.abandon()
            if unsafe !entry.attachment.pointee.isAdopted {
                unsafe PyThreadState_Clear(entry.attachment.pointee.threadState)
                unsafe PyThreadState_Delete(entry.attachment.pointee.threadState)
            }
            unsafe entry.attachment.deinitialize(count: 1)
            unsafe entry.attachment.deallocate()
        }
    }
}
