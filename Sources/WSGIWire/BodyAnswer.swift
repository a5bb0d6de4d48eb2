/// What the child answers when the worker has asked for more of a request body with GO.
public enum BodyAnswer: Equatable, Sendable {
    /// So many bytes, of which the first may have come with the header.
    case bytes(Int)
    /// The body is complete.
    case end
    /// The rest will not come; the number is a negated `wsgi_transport_error`, or 0.
    case abort(UInt16)
    /// The child does not follow the protocol.
    case invalid

    /// Understands an answer by its header.
    ///
    /// - Parameters:
    ///   - header: The header of the frame.
    ///   - room: How many bytes were asked for.
    ///   - received: How many bytes have come behind the header.
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
