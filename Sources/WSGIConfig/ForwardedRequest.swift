/// A request's headers in which proxies describe the client. All bytes are borrowed.
public protocol ForwardedHeaders {
    /// The value of a header; `nil` if the request has none.
    func value(of header: TrustedHeader) -> UnsafeRawBufferPointer?
}

/// The effect of the headers of trusted proxies: values of the environ that change, and headers that are removed.
///
/// The values are those of the request's headers, borrowed. Nothing is allocated.
@safe public struct ForwardedRequest {
    /// `REMOTE_ADDR`; `nil`: unchanged.
    public private(set) var client: UnsafeRawBufferPointer?
    /// `HTTP_X_FORWARDED_FOR` begins with this: the header's value from the client on; `nil`: unchanged.
    public private(set) var forwardedFor: UnsafeRawBufferPointer?
    /// `HTTP_HOST`; `nil`: unchanged.
    public private(set) var host: UnsafeRawBufferPointer?
    /// `SERVER_NAME`; `nil`: unchanged.
    public private(set) var serverName: UnsafeRawBufferPointer?
    /// `SERVER_PORT`; `nil`: unchanged.
    public private(set) var port: UnsafeRawBufferPointer?
    /// `SCRIPT_NAME` and `mod_wsgi.mount_point`; `nil`: unchanged.
    public private(set) var scriptName: UnsafeRawBufferPointer?
    /// Whether the scheme is https; `nil`: unchanged.
    public private(set) var isHTTPS: Bool?
    /// The headers that are removed because they are not trusted or redundant.
    public private(set) var removed: TrustedHeaderSet = []

    /// Evaluates the headers of a request.
    ///
    /// A header is trusted if it is in `trusted` and the peer is a trusted proxy. Of the headers of one category, the
    /// last one that is present counts, and all others are removed. Categories without a header in `trusted` are not
    /// changed.
    ///
    /// - Parameters:
    ///   - trusted: `WSGITrustedProxyHeaders`; one or more of each category.
    ///   - proxies: `WSGITrustedProxies`; `nil`: every peer is trusted.
    ///   - peer: `REMOTE_ADDR`. A peer whose address is unknown is not trusted.
    ///   - headers: The headers of the request.
    public init(
        trusted: [TrustedHeader], proxies: AddressList?, peer: UnsafeRawBufferPointer?,
        headers: borrowing some ForwardedHeaders
    ) {
        let isTrusted = proxies.map { proxies in unsafe peer.map { unsafe proxies.contains($0) } ?? false } ?? true
        var kept: TrustedHeaderSet = []
        for index in trusted.indices {
            let header = trusted[index]
            let synonyms = TrustedHeaderSet.synonyms(of: header)
            removed.formUnion(synonyms)
            guard isTrusted, let value = unsafe headers.value(of: header), unsafe apply(header, value, proxies) else {
                continue
            }
            kept.subtract(synonyms)
            kept.insert(TrustedHeaderSet(header))
        }
        removed.subtract(kept)
    }

    /// Applies a header's value; false if it has no meaning.
    private mutating func apply(
        _ header: TrustedHeader, _ value: UnsafeRawBufferPointer, _ proxies: AddressList?
    ) -> Bool {
        if unsafe value.isEmpty && header.category != .script { return false }
        switch header.category {
        case .client: return unsafe apply(client: header, value, proxies)
        case .host: unsafe host = unsafe value
        case .server: unsafe serverName = unsafe value
        case .port: unsafe port = unsafe value
        case .script: unsafe scriptName = unsafe value
        case .scheme:
            guard let scheme = unsafe Self.scheme(value, of: header) else { return false }
            isHTTPS = scheme
        }
        return true
    }

    private mutating func apply(
        client header: TrustedHeader, _ value: UnsafeRawBufferPointer, _ proxies: AddressList?
    ) -> Bool {
        guard header == .forwardedFor else {
            unsafe client = unsafe value
            unsafe forwardedFor = nil
            return true
        }
        guard let proxies else {
            guard let first = unsafe ForwardedFor(value).first else { return false }
            unsafe client = unsafe first
            return true
        }
        guard let chosen = unsafe ForwardedFor(value).client(behind: proxies), let start = chosen.baseAddress,
            let whole = value.baseAddress
        else { return false }
        unsafe client = unsafe chosen
        unsafe forwardedFor = unsafe UnsafeRawBufferPointer(start: start, count: value.count - (start - whole))
        return true
    }

    private static func scheme(_ value: UnsafeRawBufferPointer, of header: TrustedHeader) -> Bool? {
        switch header {
        case .forwardedProto, .forwardedScheme, .scheme:
            if unsafe isSame(value, "https") { return true }
            return unsafe isSame(value, "http") ? false : nil
        default:
            if unsafe isSame(value, "on") || isSame(value, "true") || isSame(value, "1") { return true }
            return unsafe isSame(value, "off") || isSame(value, "false") || isSame(value, "0") ? false : nil
        }
    }

    /// Compares with a literal in lower case, ignoring case.
    private static func isSame(_ value: UnsafeRawBufferPointer, _ literal: StaticString) -> Bool {
        guard value.count == literal.utf8CodeUnitCount else { return false }
        for index in 0..<value.count {
            let byte = unsafe value[index]
            let isUpper = byte >= UInt8(ascii: "A") && byte <= UInt8(ascii: "Z")
            if unsafe (isUpper ? byte | 0x20 : byte) != literal.utf8Start[index] { return false }
        }
        return true
    }
}
