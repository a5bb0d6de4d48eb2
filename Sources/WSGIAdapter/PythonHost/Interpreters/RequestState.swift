internal import CEngineABI
internal import CPython
internal import PythonRuntime
internal import WSGIWire

/// What the host keeps of one request while it runs. Used again for the thread's next request.
///
/// The request's Python objects point to it; they are detached before it ends. Other threads reach it through them with
/// the GIL.
@safe struct RequestState: ~Copyable {
    var interpreter: Interpreter
    var attachment: UnsafeMutablePointer<AttachmentState>
    var transport: UnsafePointer<wsgi_transport>
    let thread: Int
    var previous: UnsafeMutablePointer<RequestState>?

    var flags = RequestHead.Flags(rawValue: 0)
    var script = unsafe UnsafeRawBufferPointer(start: nil, count: 0)

    // A transport function or an input method that runs without the GIL; others wait for `turn`.
    var isBusy = false
    var waiting = 0
    // Threads that write log lines without the GIL, which the end of the request waits for.
    var writers = 0
    var isEnding = false
    /// Held, but from the moment when it is given to a waiter until that one has taken it.
    let turn: PyThread_type_lock
    var isTurnGiven = false

    /// The unfinished line of `wsgi.errors` and the streams that follow it, and those of other threads.
    var line = ByteBuffer(capacity: 256)
    var otherLines = PendingLines()

    // Objects of the request, owned.
    var errors: ErrorStream?
    /// `apache.request_rec`.
    var record: PyPointer?

    /// What each `HostPart` keeps, by its index: a protocol's share of the request. Used again as well.
    let parts: UnsafeMutablePointer<UnsafeMutableRawPointer?>

    /// A state for a first request.
    init(_ attachment: UnsafeMutablePointer<AttachmentState>, _ transport: UnsafePointer<wsgi_transport>, thread: Int) {
        interpreter = unsafe attachment.pointee.interpreter
        unsafe self.attachment = attachment
        unsafe self.transport = transport
        self.thread = thread
        unsafe turn = PyThread_allocate_lock()
        // Taken from the beginning, so that a release wakes a waiter.
        unsafe PyThread_acquire_lock(turn, 1)
        unsafe parts = .allocate(capacity: HostPart.all.count)
        unsafe parts.initialize(repeating: nil, count: HostPart.all.count)
    }

    deinit {
        for (index, part) in unsafe HostPart.all.enumerated() {
            if let kept = unsafe parts[index] { unsafe part.discard(kept) }
        }
        unsafe parts.deallocate()
        if !isTurnGiven { unsafe PyThread_release_lock(turn) }
        unsafe PyThread_free_lock(turn)
    }

    /// Makes it the state of another request.
    mutating func begin(
        _ attachment: UnsafeMutablePointer<AttachmentState>, _ head: RequestHead,
        _ transport: UnsafePointer<wsgi_transport>, previous: UnsafeMutablePointer<RequestState>?
    ) {
        interpreter = unsafe attachment.pointee.interpreter
        unsafe self.attachment = attachment
        unsafe self.transport = transport
        unsafe self.previous = previous
        flags = head.flags
        unsafe script = head.script
        isEnding = false
        line.reset(keeping: 1 << 14)
    }
}
