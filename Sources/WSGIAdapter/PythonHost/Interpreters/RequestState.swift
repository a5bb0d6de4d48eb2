internal import CEngineABI
internal import CPython
internal import PythonRuntime
internal import WSGIWire

/// The host's state of one running request. Reused for the thread's next request.
///
/// The request's Python objects point to it; they are detached before it ends. Other threads reach it through them with
/// the GIL.
@safe struct RequestState: ~Copyable {
    var interpreter: Interpreter
    var attachment: UnsafeMutablePointer<AttachmentState>
    var transport: UnsafePointer<wsgi_transport>
    let thread: Int
    /// Those of the thread.
    let counters: UnsafeMutablePointer<ThreadCounters>
    var previous: UnsafeMutablePointer<RequestState>?

    var flags = RequestHead.Flags(rawValue: 0)
    var script = unsafe UnsafeRawBufferPointer(start: nil, count: 0)

    // Whether a transport function or an input method runs without the GIL; others wait for `turn`.
    var isBusy = false
    var waiting = 0
    // Threads that write log lines without the GIL. The end of the request waits for them.
    var writers = 0
    var isEnding = false
    /// Held, except between its release for a waiter and the moment that waiter takes it.
    let turn: PyThread_type_lock
    var isTurnGiven = false

    /// The unfinished line of `wsgi.errors` and the streams that follow it, and those of other threads.
    var line = ByteBuffer(capacity: 256)
    var otherLines = PendingLines()

    /// When the application was entered, in microseconds since 1970; 0: it was not. Then the request is among those that
    /// `InterpreterState.firstActive` begins, and has these neighbours.
    var entered: Int64 = 0
    var nextActive: UnsafeMutablePointer<RequestState>?
    var previousActive: UnsafeMutablePointer<RequestState>?
    /// Whether it is in `mod_wsgi.active_requests`.
    var isListed = false
    /// httpd's log id of the request. Valid while the request runs.
    var requestID = unsafe UnsafeRawBufferPointer(start: nil, count: 0)

    // Objects of the request, owned.
    /// `mod_wsgi.request_data()`; `nil` until it is used.
    var data: PyPointer?
    var errors: ErrorStream?
    /// `apache.request_rec`.
    var record: PyPointer?

    /// The state of each `HostPart`, by its index: a protocol's share of the request. Also reused.
    let parts: UnsafeMutablePointer<UnsafeMutableRawPointer?>

    /// A state for a first request.
    init(
        _ attachment: UnsafeMutablePointer<AttachmentState>, _ transport: UnsafePointer<wsgi_transport>, thread: Int,
        _ counters: UnsafeMutablePointer<ThreadCounters>
    ) {
        interpreter = unsafe attachment.pointee.interpreter
        unsafe self.attachment = attachment
        unsafe self.transport = transport
        self.thread = thread
        unsafe self.counters = unsafe counters
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
        unsafe requestID = head.requestID
        isEnding = false
        line.reset(keeping: 1 << 14)
    }
}
