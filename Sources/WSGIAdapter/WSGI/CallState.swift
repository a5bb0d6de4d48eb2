internal import CPython
internal import CSystem
internal import PythonRuntime
internal import WSGIWire

/// How far the response has come.
enum ResponsePhase {
    /// `start_response` was not called.
    case waiting
    /// Status and headers are held back until there is something to send.
    case held
    /// They were handed to the transport.
    case sent
    /// The application is done, and everything is held back until the GIL was released for good.
    case complete
    /// The application has failed before anything was sent.
    case failed
}

/// How far the request's body has come.
enum BodyPhase {
    /// More can be asked for.
    case open
    /// All of it is here.
    case ended
    /// A read failed: every other one will.
    case failed
}

/// Everything that belongs to one request while it runs. Used again for the thread's next request.
///
/// Its Python objects point to it; they are detached before it ends. Other threads reach it through them with the GIL.
@safe struct CallState: ~Copyable {
    var interpreter: Interpreter
    var attachment: UnsafeMutablePointer<AttachmentState>
    var transport: UnsafePointer<wsgi_transport>
    let thread: Int
    var previous: UnsafeMutablePointer<CallState>?

    var flags = RequestHead.Flags(rawValue: 0)
    var script = unsafe UnsafeRawBufferPointer(start: nil, count: 0)
    /// The name of what is called in it, for messages.
    var callable = unsafe UnsafeRawBufferPointer(start: nil, count: 0)

    // A transport function or an input method that runs without the GIL; others wait for `turn`.
    var isBusy = false
    var waiting = 0
    // Threads that write log lines without the GIL, which the end of the request waits for.
    var writers = 0
    var isEnding = false
    /// Held, but from the moment when it is given to a waiter until that one has taken it.
    let turn: PyThread_type_lock
    var isTurnGiven = false

    // The body: bytes that are here and were not read, and memory for those to come.
    var bodyPhase = BodyPhase.ended
    var bodyError: Int32 = 0
    var bodyLength: Int64 = -1
    var window: UnsafePointer<UInt8>?
    var windowCount = 0
    var storage: UnsafeMutablePointer<UInt8>?

    // The response.
    var phase = ResponsePhase.waiting
    var head = ByteBuffer(capacity: 1024)
    /// Memory for the next head: it becomes `head` when it is complete, as others may send the former one meanwhile.
    var spare: ByteBuffer?
    var status = 0
    var declaredLength: Int64 = -1
    var delivered: Int64 = 0
    /// The body is a file, which has been handed on: nothing may follow it.
    var hasSentFile = false
    /// Early hints so far, and the bytes of their heads.
    var hints = 0
    var hintBytes = 0
    /// Bytes of the body beyond the declared length.
    var excess: Int64 = 0
    var transportError: Int32 = 0
    /// Body that is sent after the GIL was released for good.
    var deferred = ByteBuffer(capacity: 1024)

    /// The unfinished line of `wsgi.errors` and the streams that follow it, and those of other threads.
    var line = ByteBuffer(capacity: 256)
    var otherLines = PendingLines()

    // Objects of the request, owned.
    var input: PyPointer?
    var response: PyPointer?
    var errors: ErrorStream?
    /// `apache.request_rec`.
    var record: PyPointer?

    /// What a call of a script's functions may use; `nil`: an application runs.
    var functions: UnsafePointer<wsgi_call_functions>?

    /// A state for a first request.
    init(_ attachment: UnsafeMutablePointer<AttachmentState>, _ transport: UnsafePointer<wsgi_transport>, thread: Int) {
        interpreter = unsafe attachment.pointee.interpreter
        unsafe self.attachment = attachment
        unsafe self.transport = transport
        self.thread = thread
        unsafe turn = PyThread_allocate_lock()
        // Taken from the beginning: whoever waits for it is woken by a release.
        unsafe PyThread_acquire_lock(turn, 1)
    }

    deinit {
        unsafe storage?.deallocate()
        if !isTurnGiven { unsafe PyThread_release_lock(turn) }
        unsafe PyThread_free_lock(turn)
    }

    /// Makes it the state of another request.
    mutating func begin(
        _ attachment: UnsafeMutablePointer<AttachmentState>, _ head: RequestHead,
        _ transport: UnsafePointer<wsgi_transport>, previous: UnsafeMutablePointer<CallState>?
    ) {
        interpreter = unsafe attachment.pointee.interpreter
        unsafe self.attachment = attachment
        unsafe self.transport = transport
        unsafe self.previous = previous
        flags = head.flags
        unsafe script = head.script
        unsafe callable = head.callableObject
        bodyPhase = head.flags.contains(.bodyFollows) ? .open : .ended
        bodyError = 0
        bodyLength = head.contentLength
        let inline = head.flags.contains(.bodyInline)
        unsafe window = inline ? head.body.baseAddress?.assumingMemoryBound(to: UInt8.self) : nil
        windowCount = unsafe inline ? head.body.count : 0
        phase = .waiting
        self.head.reset(keeping: 1 << 16)
        status = 0
        declaredLength = -1
        delivered = 0
        hasSentFile = false
        hints = 0
        hintBytes = 0
        excess = 0
        transportError = 0
        isEnding = false
        deferred.reset(keeping: 1 << 16)
        line.reset(keeping: 1 << 14)
    }
}
