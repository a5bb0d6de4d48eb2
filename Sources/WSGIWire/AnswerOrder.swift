/// The grammar of a worker's answer: which frame may follow which, and how much an answer may say.
///
/// A worker runs as its site's user, and may send anything. The child asks here before it takes a frame:
///
///     (HINTS)* HEAD (FILE | (DATA)*) END      with LOG anywhere, and GO while there is a request body
///     RELOAD                                  before HINTS, HEAD and GO: the application was not entered
///     ERROR | CUT                             at any time
///
/// A value without memory of its own; used on the request's thread.
public struct AnswerOrder: Sendable {
    /// The most interim responses to one request.
    public static let mostHints = 64
    /// The most bytes of all their heads together.
    public static let mostHintBytes = 1 << 20

    /// What is wrong with an answer, in words for the log.
    public enum Fault: String, Error, Sendable {
        /// The header of a frame cannot be decoded.
        case frame = "a frame is of no known kind, or longer than its kind may be"
        /// A frame of another request, or of none.
        case number = "something came that does not belong to this request's answer"
        /// A frame that children send.
        case direction = "a frame is of a kind that only httpd sends"
        /// A frame stands where it may not.
        case order = "a frame comes too early, twice, or after the last one"
        /// HINTS without end.
        case hints = "there are too many early hints, or they are too long"
        /// A head that is none.
        case head = "a head of a response cannot be decoded, or has a header that HTTP forbids"
        /// A status that cannot stand there.
        case status =
            "the status is out of range: 103 for early hints, 200 to 999 in a response, 400 to 599 for an error"
        /// More body than declared.
        case length = "the body is longer than its Content-Length"
        /// FILE that is none.
        case file =
            "a file is not a range of a readable regular file, has shrunk meanwhile, or came without a descriptor"
        /// A descriptor that no FILE has taken.
        case descriptor = "there is a descriptor that belongs to no file of the response"
        /// A level that the engine does not log at.
        case level = "a line for the error log has an invalid level"
    }

    private enum Phase {
        /// Nothing has come but LOG.
        case begin
        /// The application has been entered.
        case entered
        /// HEAD has come.
        case head
        /// DATA has come.
        case data
        /// FILE has come.
        case file
        /// The answer is complete.
        case ended
    }

    private var phase = Phase.begin
    private let number: UInt16
    /// Whether the worker may ask for more of the request body.
    private var mayRead: Bool
    /// Bytes of body that may still come; a length that was not declared is as good as endless.
    private var left = Int64.max
    /// Whether the status is one of those whose Content-Length tells of another response (RFC 9110, 8.6).
    private var isWithoutBody = false
    private var hints = 0
    private var hintBytes = 0

    /// Nothing has come.
    ///
    /// - Parameters:
    ///   - number: The request's, which each frame of its answer has.
    ///   - bodyFollows: The request has a body, not all of which has been sent to the worker.
    public init(of number: UInt16, bodyFollows: Bool) {
        self.number = number
        mayRead = bodyFollows
    }

    /// A frame with this header comes next; of HEAD, FILE and ERROR the contents are still to be told.
    ///
    /// - Throws: why it may not: then the answer and the connection end here.
    @inline(__always)
    public mutating func take(_ header: Frame.Header) throws(Fault) {
        guard header.detail == number else { throw .number }
        // What nearly every answer consists of.
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
        case (.log, _): if !(2...15).contains(header.flags) { throw .level }
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

    /// The contents of HEAD.
    public mutating func take(status: Int, contentLength: Int64) throws(Fault) {
        guard status >= 200 else { throw .status }
        guard contentLength >= -1, contentLength < .max else { throw .head }
        if contentLength >= 0 { left = contentLength }
        isWithoutBody = status == 304 || status == 204
    }

    /// The contents of ERROR.
    public func take(errorStatus: Int) throws(Fault) {
        guard (400...599).contains(errorStatus) else { throw .status }
    }

    /// The contents of FILE, or the length of DATA: so many bytes of body.
    public mutating func take(bytes: Int64) throws(Fault) {
        guard bytes >= 0 else { throw .file }
        guard bytes <= left else { throw .length }
        if left != .max { left = left &- bytes }
    }

    /// Whether less body has come than was declared. Of a response to HEAD that is nothing wrong.
    public var isShort: Bool { left != 0 && left != .max && !isWithoutBody }

    /// The worker has been told that the request body has ended, or has failed.
    public mutating func bodyEnded() { mayRead = false }
}
