internal import CPython
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

/// What WSGI keeps of one request: its body, its response, its objects. Used again for the thread's next request.
@safe struct WSGIExchange: ~Copyable {
    /// What WSGI keeps for the interpreter of the request.
    var interpreter: UnsafeMutablePointer<WSGIInterpreter>
    /// The name of what is called in the script, for messages.
    var callable = unsafe UnsafeRawBufferPointer(start: nil, count: 0)

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

    // Objects of the request, owned: `wsgi.input`, and what `start_response` is a method of.
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
        hints = 0
        hintBytes = 0
        excess = 0
        transportError = 0
        deferred.reset(keeping: 1 << 16)
    }
}
