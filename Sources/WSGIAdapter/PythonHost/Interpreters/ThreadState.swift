internal import CPython
internal import Synchronization

/// The adapter's state of each thread that runs requests.
@safe struct ThreadState: ~Copyable {
    /// `mod_wsgi.thread_id`: counted per process; 0 is the thread that started Python.
    let index: Int
    var attachments: UnsafeMutablePointer<AttachmentState>?
    /// The request that runs on this thread: the innermost one if an httpd subrequest runs within another.
    var current: UnsafeMutablePointer<RequestState>?
    /// States for reuse.
    var idle: UnsafeMutablePointer<RequestState>?
    let counters: UnsafeMutablePointer<ThreadCounters>
    /// Python's id of the thread.
    let ident: UInt
    /// The interpreter that the application runs in while `RequestTimeout` may be raised there. Other threads read it
    /// first without its GIL and again with it. Changed only with the GIL.
    let interruptible = unsafe Atomic<UnsafeMutablePointer<InterpreterState>?>(nil)
    /// Whether `RequestTimeout` was raised in the current or last request. Only with the GIL.
    var isInterrupted = false
}
