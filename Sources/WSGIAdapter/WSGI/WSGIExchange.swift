internal import CPython
internal import PythonRuntime
internal import WSGIWire

/// The state of the response.
enum ResponsePhase {
    /// `start_response` has not been called.
    case waiting
    /// Status and headers are held back until there is something to send.
    case held
    /// They were passed to the transport.
    case sent
    /// The application has finished, and everything is held back until the GIL is finally released.
    case complete
    /// The application failed before anything was sent.
    case failed
}

/// The state of the request body.
enum BodyPhase {
    /// More can be read.
    case open
    /// All of it has been received.
    case ended
    /// A read failed; all further reads fail.
    case failed
}

/// The WSGI state of one request: its body, its response, its objects. Reused for the thread's next request.
@safe struct WSGIExchange: ~Copyable {
    /// The WSGI state of the request's interpreter.
    var interpreter: UnsafeMutablePointer<WSGIInterpreter>
    /// The name of the callable in the script, for messages.
    var callable = unsafe UnsafeRawBufferPointer(start: nil, count: 0)

    // The body: received bytes that have not been read, and memory for more.
    var bodyPhase = BodyPhase.ended
    var bodyError: Int32 = 0
    var bodyLength: Int64 = -1
    var window: UnsafePointer<UInt8>?
    var windowCount = 0
    var storage: UnsafeMutablePointer<UInt8>?

    // The response.
    var phase = ResponsePhase.waiting
    var head = ByteBuffer(capacity: 1024)
    /// Memory for the next head. It becomes `head` when complete, because other threads may send the former one
    /// meanwhile.
    var spare: ByteBuffer?
    var status = 0
    var declaredLength: Int64 = -1
    var delivered: Int64 = 0
    /// The body is a file, which has been passed on. Nothing may follow it.
    var hasSentFile = false
    /// What was read and written.
    var meter = Meter()
    /// Early hints so far, and the bytes of their heads.
    var hints = 0
    var hintBytes = 0
    /// Bytes of the body beyond the declared length.
    var excess: Int64 = 0
    var transportError: Int32 = 0
    /// Body that is sent after the GIL has finally been released.
    var deferred = ByteBuffer(capacity: 1024)

    // Objects of the request, owned: `wsgi.input`, and the object whose method is `start_response`.
    var input: PyPointer?
    var response: PyPointer?

    init(interpreter: UnsafeMutablePointer<WSGIInterpreter>) { unsafe self.interpreter = interpreter }

    deinit { unsafe storage?.deallocate() }

    /// Makes it the exchange of another request.
    @inline(__always)
    mutating func begin(_ head: RequestHead, _ interpreter: UnsafeMutablePointer<WSGIInterpreter>) {
        unsafe self.interpreter = unsafe interpreter
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
        meter = Meter()
        hints = 0
        hintBytes = 0
        excess = 0
        transportError = 0
        deferred.reset(keeping: 1 << 16)
    }
}
