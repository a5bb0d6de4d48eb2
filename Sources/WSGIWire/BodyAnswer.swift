/// The httpd child's answer to GO, with which a worker requests more of the request body.
public enum BodyAnswer: Equatable, Sendable {
    /// Bytes of the body. The first may have arrived with the header.
    case bytes(Int)
    /// The body is complete.
    case end
    /// The rest is not available. The number is a negated `wsgi_transport_error`, or 0.
    case abort(UInt16)
    /// The answer violates the protocol.
    case invalid

    /// Interprets an answer by its header.
    ///
    /// - Parameters:
    ///   - header: The header of the frame.
    ///   - room: Number of bytes requested.
    ///   - received: Number of bytes that arrived after the header.
    @inlinable
    public init(_ header: Frame.Header, room: Int, received: Int) {
        switch header.kind {
        case .body where header.length > 0 && header.length <= room && received <= header.length:
            self = .bytes(header.length)
        case .bodyEnd where header.length == 0 && received == 0: self = .end
        case .abort where header.length == 0 && received == 0: self = .abort(header.detail)
        default: self = .invalid
        }
    }
}
