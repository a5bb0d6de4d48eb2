internal import CHTTPD
internal import Glibc
internal import WSGIConfig
internal import WSGIWire

/// Changes that the headers of trusted proxies make to the environ of one request (`WSGITrustedProxyHeaders`).
@safe struct ForwardedEntries {
    private let r: Request
    private let request: ForwardedRequest

    /// `nil` if no header is trusted, so that nothing changes.
    init?(_ r: Request, _ effective: DirectoryConfig) {
        if effective.settings.trustedProxyHeaders.isEmpty { return nil }
        unsafe self.r = r
        let peer = unsafe r.pointee.useragent_ip
        unsafe request = ForwardedRequest(
            trusted: effective.settings.trustedProxyHeaders, proxies: effective.settings.trustedProxies,
            peer: peer.map { unsafe bytes(of: $0) }, headers: RequestHeaders(r))
    }

    /// The scheme according to a trusted header; `nil`: there is none.
    var isHTTPS: Bool? { request.isHTTPS }

    /// Whether this header is not passed to the application.
    func removes(_ name: CText) -> Bool {
        guard unsafe name[0] | 0x20 == CChar(bitPattern: UInt8(ascii: "x")) else { return false }
        for number in 0..<TrustedHeader.count {
            guard let header = TrustedHeader(rawValue: UInt8(truncatingIfNeeded: number)), request.removed.has(header)
            else { continue }
            if unsafe strcasecmp(name, literal(header.name)) == 0 { return true }
        }
        return false
    }

    /// Appends the entries that replace others; they must come last.
    func encode(_ head: inout RequestHeadEncoder, into buffer: inout ByteBuffer) {
        unsafe put("REMOTE_ADDR", request.client, &head, &buffer)
        unsafe put("HTTP_HOST", request.host, &head, &buffer)
        unsafe put("SERVER_NAME", request.serverName, &head, &buffer)
        unsafe put("SERVER_PORT", request.port, &head, &buffer)
        unsafe put("SCRIPT_NAME", request.scriptName, &head, &buffer)
        unsafe put("mod_wsgi.mount_point", request.scriptName, &head, &buffer)
        guard let chain = unsafe request.forwardedFor, let pool = unsafe r.pointee.pool,
            let room = unsafe apr_palloc(pool, apr_size_t(2 * chain.count))
        else { return }
        let whole = unsafe UnsafeMutableRawBufferPointer(start: room, count: 2 * chain.count)
        let count = unsafe ForwardedFor(chain).write(into: whole)
        unsafe put("HTTP_X_FORWARDED_FOR", UnsafeRawBufferPointer(rebasing: whole[..<count]), &head, &buffer)
    }

    private func put(
        _ key: StaticString, _ value: UnsafeRawBufferPointer?, _ head: inout RequestHeadEncoder,
        _ buffer: inout ByteBuffer
    ) {
        guard let value = unsafe value else { return }
        unsafe head.entry(key: bytes(of: key), value: value, into: &buffer)
    }
}

/// The headers of a request, as stored by httpd, which has already joined those of the same name.
@safe private struct RequestHeaders: ForwardedHeaders {
    private let r: Request

    init(_ r: Request) { unsafe self.r = r }

    func value(of header: TrustedHeader) -> UnsafeRawBufferPointer? {
        unsafe apr_table_get(r.pointee.headers_in, literal(header.name)).map { unsafe bytes(of: $0) }
    }
}
