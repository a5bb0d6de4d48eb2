/// The grammar of a worker's answer: the order of frames, and the limits of an answer.
///
/// A worker runs as its site's user and may send anything. The httpd child checks each frame here before it accepts it:
///
///     (HINTS)* HEAD (FILE | (DATA)*) END      with LOG anywhere, and GO while there is a request body
///     RELOAD                                  before HINTS, HEAD and GO: the application was not entered
///     ERROR | CUT                             at any time
///
/// A value that allocates no memory. It is used on the request's thread.
public struct AnswerOrder: Sendable {
    /// Maximum number of interim responses to one request.
    public static let mostHints = 64
    /// Maximum total size of their heads, in bytes.
    public static let mostHintBytes = 1 << 20

    /// The defect of an answer, as text for the log.
    public enum Fault: String, Error, Sendable {
        /// The header of a frame cannot be decoded.
        case frame = "a frame has an unknown kind, or is too long for its kind"
        /// A frame of another request, or of no request.
        case number = "a frame arrived that does not belong to this request's answer"
        /// A frame of a kind that only httpd children send.
        case direction = "a frame has a kind that only httpd sends"
        /// A frame in the wrong place.
        case order = "a frame comes too early, twice, or after the last one"
        /// Too many HINTS.
        case hints = "there are too many early hints, or they are too long"
        /// An invalid head.
        case head = "the head of a response cannot be decoded, or contains a header that HTTP forbids"
        /// A status that is not allowed in this frame.
        case status =
            "the status is out of range: 103 for early hints, 200 to 999 in a response, 400 to 599 for an error"
        /// A body longer than declared.
        case length = "the body is longer than its Content-Length"
        /// An invalid FILE.
        case file =
            "a file is not a range of a readable regular file, has shrunk, or arrived without a descriptor"
        /// A descriptor that belongs to no FILE.
        case descriptor = "a descriptor arrived that belongs to no file of the response"
        /// A log level that the engine does not use.
        case level = "a line for the error log has an invalid level"
    }

    private enum Phase {
        /// Only LOG has arrived.
        case begin
        /// The application has been entered.
        case entered
        /// HEAD has arrived.
        case head
        /// DATA has arrived.
        case data
        /// FILE has arrived.
        case file
        /// The answer is complete.
        case ended
    }

    private var phase = Phase.begin
    private let number: UInt16
    /// Whether the worker may request more of the request body.
    private var mayRead: Bool
    /// Bytes of the body that may still arrive. Without a declared length, there is practically no limit.
    private var left = Int64.max
    /// Whether the Content-Length describes another response, because of the status (RFC 9110, 8.6).
    private var isWithoutBody = false
    private var hints = 0
    private var hintBytes = 0

    /// The state before the first frame.
    ///
    /// - Parameters:
    ///   - number: The number of the request, which each frame of its answer carries.
    ///   - bodyFollows: Whether a part of the request body has not been sent to the worker yet.
    public init(of number: UInt16, bodyFollows: Bool) {
        self.number = number
        mayRead = bodyFollows
    }

    /// Checks the header of the next frame. The contents of HEAD, FILE and ERROR are checked separately.
    ///
    /// - Throws: The defect. The answer and the connection then end.
    @inline(__always)
    public mutating func take(_ header: Frame.Header) throws(Fault) {
        guard header.detail == number else { throw .number }
        // Most answers consist of these frames.
        if header.kind == .data, phase == .head || phase == .data {
            phase = .data
            return try take(bytes: Int64(header.length))
        }
        if header.kind == .head, phase == .begin {
            phase = .head
        } else if header.kind == .end, phase == .data {
            phase = .ended
        } else {
            try takeOther(header)
        }
    }

    private mutating func takeOther(_ header: Frame.Header) throws(Fault) {
        switch (header.kind, phase) {
        case (_, .ended): throw .order
        case (.request, _), (.body, _), (.bodyEnd, _), (.abort, _): throw .direction
        case (.log, _): if !(2...15).contains(header.flags & ~LogSource.flag) { throw .level }
        case (.hints, .begin), (.hints, .entered):
            phase = .entered
            hints = hints &+ 1
            hintBytes = hintBytes &+ header.length
            if hints > Self.mostHints || hintBytes > Self.mostHintBytes { throw .hints }
        case (.go, _):
            guard mayRead else { throw .order }
            if phase == .begin { phase = .entered }
        case (.head, .begin), (.head, .entered): phase = .head
        case (.file, .head): phase = .file
        case (.end, .head), (.end, .data), (.end, .file), (.reload, .begin), (.error, _), (.cut, _):
            phase = .ended
        case (.hints, _), (.head, _), (.data, _), (.file, _), (.end, _), (.reload, _): throw .order
        }
    }

    /// Checks the contents of HEAD.
    public mutating func take(status: Int, contentLength: Int64) throws(Fault) {
        guard status >= 200 else { throw .status }
        guard contentLength >= -1, contentLength < .max else { throw .head }
        if contentLength >= 0 { left = contentLength }
        isWithoutBody = status == 304 || status == 204
    }

    /// Checks the contents of ERROR.
    public func take(errorStatus: Int) throws(Fault) {
        guard (400...599).contains(errorStatus) else { throw .status }
    }

    /// Checks the length of the body in FILE or DATA.
    public mutating func take(bytes: Int64) throws(Fault) {
        guard bytes >= 0 else { throw .file }
        guard bytes <= left else { throw .length }
        if left != .max { left = left &- bytes }
    }

    /// Whether the body is shorter than declared. This is not a defect of a response to HEAD.
    public var isShort: Bool { left != 0 && left != .max && !isWithoutBody }

    /// Records that the worker was informed of the end, or failure, of the request body.
    public mutating func bodyEnded() { mayRead = false }
}
