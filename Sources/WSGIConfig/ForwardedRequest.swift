/// What a request gives of the headers by which proxies tell of the client; all bytes are borrowed.
public protocol ForwardedHeaders {
    /// The value of a header; `nil` when the request has none.
    func value(of header: TrustedHeader) -> UnsafeRawBufferPointer?
}

/// What the headers of trusted proxies amount to: which values of the environ change, and which headers are left out.
///
/// The values are those of the request's headers, borrowed. Nothing is allocated.
@safe public struct ForwardedRequest {
    /// `REMOTE_ADDR`; `nil`: as it is.
    public private(set) var client: UnsafeRawBufferPointer?
    /// What `HTTP_X_FORWARDED_FOR` is to begin with: the header's value from the client on; `nil`: as it is.
    public private(set) var forwardedFor: UnsafeRawBufferPointer?
    /// `HTTP_HOST`; `nil`: as it is.
    public private(set) var host: UnsafeRawBufferPointer?
    /// `SERVER_NAME`; `nil`: as it is.
    public private(set) var serverName: UnsafeRawBufferPointer?
    /// `SERVER_PORT`; `nil`: as it is.
    public private(set) var port: UnsafeRawBufferPointer?
    /// `SCRIPT_NAME` and `mod_wsgi.mount_point`; `nil`: as it is.
    public private(set) var scriptName: UnsafeRawBufferPointer?
    /// Whether the scheme is https; `nil`: as it is.
    public private(set) var isHTTPS: Bool?
    /// The headers that the application is not to see: they were not believed, or say the same again.
    public private(set) var removed: TrustedHeaderSet = []

    /// Decides about a request.
    ///
    /// A header is believed when it is among `trusted` and the peer is a trusted proxy. Of the headers that tell about
    /// the same the last one that is there counts; all others are removed. Headers of which none is among `trusted` are
    /// left alone.
    ///
    /// - Parameters:
    ///   - trusted: `WSGITrustedProxyHeaders`; of each category one or more.
    ///   - proxies: `WSGITrustedProxies`; `nil`: every peer is trusted.
    ///   - peer: `REMOTE_ADDR`; a peer of which it is not known is not trusted.
    ///   - headers: The request's.
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

    /// Takes a header's value over; false when it says nothing.
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

    /// Compares with a literal in lower case; the case of letters does not count.
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
