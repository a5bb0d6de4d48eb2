internal import CPython
internal import Synchronization

/// What the adapter keeps for each thread that runs requests.
@safe struct ThreadState: ~Copyable {
    /// `mod_wsgi.thread_id`: counted in the process, 0 is the thread that started Python.
    let index: Int
    var attachments: UnsafeMutablePointer<AttachmentState>?
    /// The request that runs on this thread: the innermost, when an httpd subrequest runs within another.
    var current: UnsafeMutablePointer<RequestState>?
    /// States that wait to be used again.
    var idle: UnsafeMutablePointer<RequestState>?
    /// The thread, as Python numbers it.
    let ident: UInt
    /// The interpreter that the application runs in while `RequestTimeout` may be raised there. Other threads look here
    /// first without its GIL, and once more with it; it changes only with the GIL.
    let interruptible = unsafe Atomic<UnsafeMutablePointer<InterpreterState>?>(nil)
    /// `RequestTimeout` was raised in the request that runs, or has run last. Only with the GIL.
    var isInterrupted = false
}
