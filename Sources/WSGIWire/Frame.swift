/// One message on a connection between an httpd child and a worker.
///
/// A frame is an 8-byte header, in native byte order because both ends are on one host, and its payload:
/// `length: UInt32 | kind: UInt8 | flags: UInt8 | detail: UInt16 | payload`.
///
/// A connection begins with an `Introduction`, sent in one call with the first frame. Then it serves one request after
/// another:
///
///     child                              worker
///     REQUEST (head, small body)  ─────▶
///                                 ◀───── GO (payload: bytes wanted), for each read of a larger body
///     BODY | BODY_END | ABORT     ─────▶ exactly one answer for each GO
///                                 ◀───── (LOG | HINTS)*, HEAD, FILE | DATA*, END   — or ERROR, or RELOAD
///
/// `detail` of REQUEST is a number that the child increments, and every frame of the answer has the same number. So a
/// frame that another thread sends on the connection by accident, or too late, is not mistaken for an answer.
///
/// The child reads from its client only while the application waits in a read, so the two ends never both wait in a
/// write. A response that stops before END is cut. CUT means that the application is the reason. `AnswerOrder` has the
/// rules of an answer.
public enum Frame {
    /// Size of a frame's header.
    public static let headerSize = 8
    /// Offset of `detail` in a header.
    public static let detailOffset = 6
    /// Size of ERROR's payload.
    public static let statusSize = MemoryLayout<UInt16>.size
    /// The longest payload that either side accepts, except DATA, which is read in pieces.
    public static let maximumPayload = 16 << 20
    /// The longest head of a response, and the longest line for the error log.
    public static let maximumText = 1 << 20
    /// The longest request body that travels inside REQUEST.
    public static let maximumInlineBody = 64 << 10
    /// Maximum number of bytes of the body that one GO may request.
    public static let maximumBodyChunk = 256 << 10

    /// Flag of DATA: a block of the application ends here and is sent to the client now.
    public static let flushed: UInt8 = 1

    /// Flag of ERROR: the thread that ran the request is stuck, and the connection ends.
    public static let threadLost: UInt8 = 1

    /// Flag of RELOAD: the script does not work in this worker, but other workers of the group serve it.
    public static let unusable: UInt8 = 1
    /// Flag of RELOAD: the worker accepts no more requests, because it cannot serve or has reached its maximum.
    public static let spent: UInt8 = 2

    /// The kind of a frame.
    public enum Kind: UInt8, Sendable {
        // Child to worker.
        /// An encoded request head, followed by the body if `RequestHead.Flags.bodyInline` is set.
        case request = 1
        /// Bytes of the request body.
        case body = 2
        /// The request body is complete.
        case bodyEnd = 3
        /// The rest of the body is not available. `detail` is the negated `wsgi_transport_error`.
        case abort = 4

        // Worker to child.
        /// Requests more of the body. The payload is the maximum number of bytes, as `UInt32`.
        case go = 16
        /// An encoded response head.
        case head = 17
        /// Bytes of the response body.
        case data = 18
        /// A descriptor (SCM_RIGHTS, with the first byte of this header). The payload is offset and length, as `Int64`.
        case file = 19
        /// A line for the error log, as `LogSource` decodes it. `flags` is the level.
        case log = 20
        /// The response is complete, and the connection is free for the next request.
        case end = 21
        /// No response. The payload is the HTTP status to return, as `UInt16`. A response that has begun is cut. The
        /// connection is free for the next request unless the flags say otherwise.
        case error = 22
        /// The script has changed, or another reason in the flags. The application was not entered.
        case reload = 23
        /// The response ends here incompletely, and the reason is in the log. The client sees it cut. The connection
        /// ends.
        case cut = 24
        /// An encoded head of an interim response.
        case hints = 25
    }

    /// A decoded header.
    public struct Header: Equatable, Sendable {
        /// Length of the payload in bytes.
        public var length: Int
        /// The kind.
        public var kind: Kind
        /// Additional information of some kinds.
        public var flags: UInt8
        /// The number of the request; for `abort`, the reason.
        public var detail: UInt16

        /// Describes a frame.
        public init(kind: Kind, length: Int, flags: UInt8 = 0, detail: UInt16 = 0) {
            self.length = length
            self.kind = kind
            self.flags = flags
            self.detail = detail
        }
    }

    /// Decodes a header from the first `headerSize` bytes of `bytes`.
    ///
    /// - Throws: `WireError` if there are fewer bytes, the kind is unknown, or the payload is too long for its kind.
    public static func header(_ bytes: UnsafeRawBufferPointer) throws(WireError) -> Header {
        var reader = unsafe ByteReader(bytes)
        let length = try Int(reader.integer(UInt32.self))
        let kind = try Kind(rawValue: reader.integer(UInt8.self))
        let flags = try reader.integer(UInt8.self)
        let detail = try reader.integer(UInt16.self)
        guard let kind else { throw .invalid("kind") }
        guard allows(length, kind) else { throw .invalid("length") }
        return Header(kind: kind, length: length, flags: flags, detail: detail)
    }

    /// Whether a frame of this kind may have a payload of this length.
    @inline(__always)
    public static func allows(_ length: Int, _ kind: Kind) -> Bool {
        switch kind {
        case .data: true
        case .head, .hints, .log: length <= maximumText
        case .request: length <= maximumPayload
        case .body: length <= maximumBodyChunk
        case .file: length == 16
        case .go: length == 4
        case .error: length == statusSize
        case .bodyEnd, .abort, .end, .cut, .reload: length == 0
        }
    }

    /// Appends a header.
    public static func append(_ header: Header, to buffer: inout ByteBuffer) {
        buffer.append(UInt32(truncatingIfNeeded: header.length))
        buffer.append(byte: header.kind.rawValue)
        buffer.append(byte: header.flags)
        buffer.append(header.detail)
    }
}
