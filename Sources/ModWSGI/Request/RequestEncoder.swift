internal import CHTTPD
internal import Glibc
internal import ProcessKit
internal import Synchronization
internal import WSGIWire

/// Encodes a request as a `RequestHead`, directly from httpd's memory.
///
/// Runs once per request on its thread, and allocates only the buffer. In the application, later entries override
/// earlier ones with the same key. The order is: variables set by directives, request headers, CGI variables.
@safe struct RequestEncoder: ~Copyable {
    private let r: Request
    private var head: RequestHeadEncoder

    /// Encodes the head of `r` at the end of `buffer`. The caller appends the inline body of `inlineBody` bytes.
    static func encode(_ r: Request, _ facts: RequestFacts, inlineBody: Int, into buffer: inout ByteBuffer) {
        var encoder = unsafe RequestEncoder(r, facts, &buffer)
        let forwarded = unsafe ForwardedEntries(r, facts.effective)
        encoder.directiveVariables(&buffer)
        encoder.requestHeaders(facts, forwarded, &buffer)
        unsafe encoder.serverVariables(facts.root, &buffer)
        encoder.requestVariables(facts, &buffer)
        encoder.moduleVariables(facts, &buffer)
        if let forwarded {
            forwarded.encode(&encoder.head, into: &buffer)
            encoder.isHTTPS = forwarded.isHTTPS ?? encoder.isHTTPS
        }
        var flags = facts.flags
        flags.insert(.logLevel(UInt32(clamping: unsafe chttpd_request_log_level(r))))
        if encoder.isHTTPS { flags.insert(.https) }
        encoder.head.finish(flags: flags, bodyLength: inlineBody, into: &buffer)
    }

    /// Encodes the head for a hook script that is called for `r`: the request as the client sent it, without its
    /// secrets and without variables that directives have set.
    static func encodeForHook(_ r: Request, _ facts: RequestFacts, into buffer: inout ByteBuffer) {
        var encoder = unsafe RequestEncoder(r, facts, &buffer)
        encoder.requestHeaders(facts, isForHook: true, &buffer)
        unsafe encoder.serverVariables(facts.root, &buffer)
        encoder.requestVariables(facts, &buffer)
        encoder.hookVariables(&buffer)
        encoder.head.finish(flags: facts.flags, into: &buffer)
    }

    private var isHTTPS = false

    private init(_ r: Request, _ facts: RequestFacts, _ buffer: inout ByteBuffer) {
        unsafe self.r = r
        head = unsafe RequestHeadEncoder(
            into: &buffer, contentLength: facts.contentLength, scriptModified: facts.scriptModified,
            requestStart: r.pointee.request_time, queueStart: facts.queueStart)
        unsafe withUnsafeTemporaryAllocation(byteCount: RequestBoard.longestLine, alignment: 1) { room in
            unsafe head.strings(
                script: facts.script, applicationGroup: facts.applicationGroup, callableObject: facts.callableObject,
                requestID: bytes(of: requestID(of: r)), requestLine: Self.requestLine(of: r, in: room), into: &buffer)
        }
    }

    /// Client, method and path. A query is reduced to its question mark, because it may contain secrets.
    private static func requestLine(of r: Request, in room: UnsafeMutableRawBufferPointer) -> UnsafeRawBufferPointer {
        var length = 0
        func append(_ bytes: UnsafeRawBufferPointer) {
            let count = min(bytes.count, room.count &- length)
            guard count > 0, let line = room.baseAddress, let start = bytes.baseAddress else { return }
            unsafe (line + length).copyMemory(from: start, byteCount: count)
            length = length &+ count
        }
        func appendSpace() {
            guard length < room.count else { return }
            unsafe room[length] = UInt8(ascii: " ")
            length = length &+ 1
        }
        unsafe append(bytes(of: r.pointee.useragent_ip))
        appendSpace()
        unsafe append(bytes(of: r.pointee.method))
        appendSpace()
        let target = unsafe bytes(of: r.pointee.unparsed_uri)
        let query = unsafe target.firstIndex(of: UInt8(ascii: "?"))
        unsafe append(query.map { unsafe UnsafeRawBufferPointer(rebasing: target[...$0]) } ?? target)
        return unsafe UnsafeRawBufferPointer(start: room.baseAddress, count: length)
    }

    // MARK: - Groups of entries

    /// Variables of httpd's modules in `subprocess_env`: SetEnv, SetEnvIf, RewriteRule [E=], mod_ssl's StdEnvVars.
    private mutating func directiveVariables(_ buffer: inout ByteBuffer) {
        isHTTPS = unsafe chttpd_is_https(r)
        unsafe forEachEntry(of: r.pointee.subprocess_env) { key, value in
            if unsafe equals(key, "HTTPS") {
                // It sets the scheme and is not passed on.
                isHTTPS = unsafe equals(value, "1") || equalsIgnoringCase(value, "on")
            } else if unsafe !equals(key, "PATH") && !isReserved(key) {
                unsafe head.entry(key: bytes(of: key), value: bytes(of: value), into: &buffer)
            }
        }
    }

    /// `HTTP_*`, CONTENT_TYPE and CONTENT_LENGTH. A header whose name has characters other than letters, digits and `-`
    /// could be mistaken for another header (`X_Foo` for `X-Foo`), and is removed from the request.
    private mutating func requestHeaders(
        _ facts: RequestFacts, _ forwarded: ForwardedEntries? = nil, isForHook: Bool = false,
        _ buffer: inout ByteBuffer
    ) {
        let passesAll = unsafe !isForHook && chttpd_passes_authorization(r)
        var hasOther = false
        unsafe forEachEntry(of: r.pointee.headers_in) { key, value in
            switch unsafe key[0] | 0x20 {
            case CChar(bitPattern: UInt8(ascii: "c")):
                if unsafe equalsIgnoringCase(key, "content-type") {
                    unsafe head.entry(key: bytes(of: "CONTENT_TYPE"), value: bytes(of: value), into: &buffer)
                    return
                }
                if unsafe equalsIgnoringCase(key, "content-length") {
                    unsafe head.entry(key: bytes(of: "CONTENT_LENGTH"), value: bytes(of: value), into: &buffer)
                    return
                }
            case CChar(bitPattern: UInt8(ascii: "a")):
                if unsafe equalsIgnoringCase(key, "authorization"), !passesAll, !facts.passesAuthorization {
                    if !isForHook { unsafe DroppedAuthorization.note(r, facts, value) }
                    return
                }
            case CChar(bitPattern: UInt8(ascii: "p")):
                if unsafe equalsIgnoringCase(key, "proxy") { return }
                if unsafe equalsIgnoringCase(key, "proxy-authorization"), !passesAll { return }
            default: break
            }
            if let forwarded, unsafe forwarded.removes(key) { return }
            if unsafe !header(key, value, &buffer) { hasOther = true }
        }
        if hasOther { removeOtherHeaders() }
    }

    /// Removes headers that have no CGI variable from the request, so that later phases of httpd see the same headers
    /// as the application.
    private func removeOtherHeaders() {
        var isClean = false
        while !isClean {
            isClean = true
            unsafe forEachEntry(of: r.pointee.headers_in) { key, _ in
                guard isClean, unsafe !isVariable(key) else { return }
                isClean = false
                unsafe apr_table_unset(r.pointee.headers_in, key)
            }
        }
    }

    /// Variables that are the same for every request of a connection or a server.
    private mutating func serverVariables(_ root: UnsafeRawBufferPointer, _ buffer: inout ByteBuffer) {
        let connection = unsafe r.pointee.connection
        unsafe put("SERVER_SOFTWARE", ap_get_server_banner(), &buffer)
        let name = unsafe ap_get_server_name_for_url(r)
        let escaped = unsafe needsEscape(name) ? ap_escape_html2(r.pointee.pool, name, 0) : nil
        unsafe put("SERVER_NAME", escaped.map { unsafe UnsafePointer($0) } ?? name, &buffer)
        unsafe put("SERVER_ADDR", connection?.pointee.local_ip.map { unsafe UnsafePointer($0) }, &buffer)
        unsafe putNumber("SERVER_PORT", Int64(ap_get_server_port(r)), &buffer)
        unsafe put("REMOTE_ADDR", r.pointee.useragent_ip.map { unsafe UnsafePointer($0) }, &buffer)
        unsafe putNumber("REMOTE_PORT", Int64(connection?.pointee.client_addr?.pointee.port ?? 0), &buffer)
        unsafe put("DOCUMENT_ROOT", path: ap_document_root(r), root, &buffer)
        unsafe put("REQUEST_SCHEME", ap_run_http_scheme(r), &buffer)
        unsafe put("CONTEXT_PREFIX", ap_context_prefix(r), &buffer)
        unsafe put("CONTEXT_DOCUMENT_ROOT", path: ap_context_document_root(r), root, &buffer)
        if let admin = unsafe r.pointee.server?.pointee.server_admin { unsafe put("SERVER_ADMIN", admin, &buffer) }
    }

    /// Variables of this request.
    private mutating func requestVariables(_ facts: RequestFacts, _ buffer: inout ByteBuffer) {
        unsafe put(
            "SCRIPT_FILENAME", path: r.pointee.filename.map { unsafe UnsafePointer($0) }, facts.root, &buffer)
        unsafe put("SERVER_PROTOCOL", r.pointee.protocol, &buffer)
        unsafe put("REQUEST_METHOD", facts.mapsHeadToGet ? literal("GET") : r.pointee.method, &buffer)
        unsafe head.entry(key: bytes(of: "QUERY_STRING"), value: bytes(of: r.pointee.args), into: &buffer)
        if unsafe chttpd_wants_current_uri(r) {
            unsafe put("REQUEST_URI", r.pointee.uri, &buffer)
        } else {
            unsafe head.entry(key: bytes(of: "REQUEST_URI"), value: requestTarget(), into: &buffer)
        }
        if let user = unsafe r.pointee.user {
            unsafe put("REMOTE_USER", user, &buffer)
        } else if let former = unsafe userOfFormerRequest() {
            unsafe put("REDIRECT_REMOTE_USER", former, &buffer)
        }
        if let type = unsafe r.pointee.ap_auth_type { unsafe put("AUTH_TYPE", type, &buffer) }
        if let former = unsafe r.pointee.prev {
            if let arguments = unsafe former.pointee.args { unsafe put("REDIRECT_QUERY_STRING", arguments, &buffer) }
            if let uri = unsafe former.pointee.uri {
                let isQualified = unsafe chttpd_qualifies_redirect_url(r)
                unsafe put("REDIRECT_URL", isQualified ? ap_construct_url(r.pointee.pool, uri, r) : uri, &buffer)
            }
        }
    }

    /// SCRIPT_NAME, PATH_INFO and the `mod_wsgi.*` keys that only httpd knows.
    private mutating func moduleVariables(_ facts: RequestFacts, _ buffer: inout ByteBuffer) {
        let (scriptName, pathInfo) = unsafe scriptNameAndPathInfo(of: r)
        unsafe head.entry(key: bytes(of: "SCRIPT_NAME"), value: scriptName, into: &buffer)
        unsafe head.entry(key: bytes(of: "mod_wsgi.script_name"), value: scriptName, into: &buffer)
        unsafe head.entry(key: bytes(of: "PATH_INFO"), value: pathInfo, into: &buffer)
        unsafe head.entry(key: bytes(of: "mod_wsgi.path_info"), value: pathInfo, into: &buffer)
        let connection = unsafe r.pointee.connection
        unsafe put("mod_wsgi.request_handler", r.pointee.handler, &buffer)
        unsafe head.entry(key: bytes(of: "mod_wsgi.handler_script"), value: facts.handlerScript, into: &buffer)
        let listener = unsafe connection?.pointee.local_addr
        unsafe head.entry(
            key: bytes(of: "mod_wsgi.listener_host"), value: bytes(of: listener?.pointee.hostname), into: &buffer)
        unsafe putNumber("mod_wsgi.listener_port", Int64(listener?.pointee.port ?? 0), &buffer)
        putNumber("mod_wsgi.server_pid", Int64(getpid()), &buffer)
        unsafe put("mod_wsgi.request_id", requestID(of: r), &buffer)
        if let identifier = unsafe connection?.pointee.log_id {
            unsafe put("mod_wsgi.connection_id", identifier, &buffer)
        }
    }

    /// SCRIPT_NAME, PATH_INFO, and two keys that only hook scripts receive.
    private mutating func hookVariables(_ buffer: inout ByteBuffer) {
        let (scriptName, pathInfo) = unsafe scriptNameAndPathInfo(of: r)
        unsafe head.entry(key: bytes(of: "SCRIPT_NAME"), value: scriptName, into: &buffer)
        unsafe head.entry(key: bytes(of: "PATH_INFO"), value: pathInfo, into: &buffer)
        unsafe put("REMOTE_HOST", ap_get_useragent_host(r, REMOTE_HOST, nil), &buffer)
        unsafe put("SERVER_SIGNATURE", ap_psignature("", r), &buffer)
    }

    // MARK: - One entry

    private mutating func put(_ key: StaticString, _ value: CText?, _ buffer: inout ByteBuffer) {
        guard let value = unsafe value else { return }
        unsafe head.entry(key: bytes(of: key), value: bytes(of: value), into: &buffer)
    }

    private mutating func put(_ key: StaticString, _ value: UnsafeMutablePointer<CChar>?, _ buffer: inout ByteBuffer) {
        unsafe put(key, UnsafePointer(value), &buffer)
    }

    /// Appends a path as the worker sees it, unless it is outside the worker's root.
    private mutating func put(
        _ key: StaticString, path: CText?, _ root: UnsafeRawBufferPointer, _ buffer: inout ByteBuffer
    ) {
        guard let path = unsafe path, let inside = unsafe insidePath(bytes(of: path), root) else { return }
        unsafe head.entry(key: bytes(of: key), value: inside, into: &buffer)
    }

    private mutating func putNumber(_ key: StaticString, _ number: Int64, _ buffer: inout ByteBuffer) {
        unsafe withDecimal(number) { unsafe head.entry(key: bytes(of: key), value: $0, into: &buffer) }
    }

    /// Appends an `HTTP_*` entry. Returns false if the header's name is not valid for one.
    private mutating func header(_ name: CText, _ value: CText, _ buffer: inout ByteBuffer) -> Bool {
        let length = unsafe strlen(name)
        guard length <= 1024 else { return false }
        return unsafe withUnsafeTemporaryAllocation(byteCount: 5 + 1024, alignment: 1) { key in
            guard let start = key.baseAddress else { return true }
            unsafe memcpy(start, "HTTP_", 5)
            for index in 0..<length {
                let upper = unsafe cgiCharacter(UInt8(bitPattern: name[index]))
                if upper == 0 { return false }
                unsafe start.storeBytes(of: upper, toByteOffset: 5 &+ index, as: UInt8.self)
            }
            unsafe head.entry(
                key: UnsafeRawBufferPointer(start: start, count: 5 &+ length), value: bytes(of: value), into: &buffer)
            return true
        }
    }

    // MARK: - Values

    /// The target of the request line as the client sent it.
    private func requestTarget() -> UnsafeRawBufferPointer {
        guard let line = unsafe r.pointee.the_request, let space = unsafe strchr(line, 32) else {
            return unsafe bytes(of: r.pointee.unparsed_uri)
        }
        let start = unsafe space + 1
        let end = unsafe strchr(start, 32) ?? start + strlen(start)
        return unsafe UnsafeRawBufferPointer(start: start, count: end - start)
    }

    private func userOfFormerRequest() -> UnsafeMutablePointer<CChar>? {
        var former = unsafe r.pointee.prev
        while let request = unsafe former {
            if let user = unsafe request.pointee.user { return unsafe user }
            unsafe former = request.pointee.prev
        }
        return nil
    }

    private func needsEscape(_ name: CText?) -> Bool {
        guard let name = unsafe name else { return false }
        return unsafe strpbrk(name, "<>&\"") != nil
    }
}

// MARK: - Small parts

/// A character of a header's name as written in a CGI variable; 0: not allowed there.
@inline(__always)
private func cgiCharacter(_ byte: UInt8) -> UInt8 {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"): byte &- 32
    case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"): byte
    case UInt8(ascii: "-"): UInt8(ascii: "_")
    default: 0
    }
}

/// Whether a key is reserved for the adapter, so that no directive may set it.
@inline(__always)
private func isReserved(_ key: CText) -> Bool {
    switch unsafe UInt8(bitPattern: key[0]) {
    case UInt8(ascii: "w"): unsafe strncmp(key, "wsgi.", 5) == 0
    case UInt8(ascii: "m"): unsafe strncmp(key, "mod_wsgi.", 9) == 0
    default: false
    }
}

/// Whether all characters of a header's name are allowed in a CGI variable.
private func isVariable(_ name: CText) -> Bool {
    var index = 0
    while unsafe name[index] != 0 {
        if unsafe cgiCharacter(UInt8(bitPattern: name[index])) == 0 { return false }
        index &+= 1
    }
    return true
}

/// Calls `body` with the number in decimal digits.
@inline(__always)
private func withDecimal(_ number: Int64, _ body: (UnsafeRawBufferPointer) -> Void) {
    unsafe withUnsafeTemporaryAllocation(byteCount: 24, alignment: 1) { digits in
        var rest = number.magnitude
        var index = 24
        // Two digits with each division.
        while rest >= 10 {
            let pair = rest % 100
            rest /= 100
            index = index &- 2
            let tens = (pair &* 103) &>> 10
            unsafe digits[index] = UInt8(truncatingIfNeeded: 48 &+ tens)
            unsafe digits[index &+ 1] = UInt8(truncatingIfNeeded: 48 &+ pair &- tens &* 10)
        }
        if rest > 0 || index == 24 {
            index = index &- 1
            unsafe digits[index] = UInt8(truncatingIfNeeded: 48 &+ rest)
        }
        if number < 0 {
            index = index &- 1
            unsafe digits[index] = UInt8(ascii: "-")
        }
        unsafe body(UnsafeRawBufferPointer(rebasing: digits[index...]))
    }
}

@inline(__always)
private func forEachEntry(of table: OpaquePointer?, _ body: (CText, CText) -> Void) {
    guard let table = unsafe table else { return }
    var count: Int32 = 0
    guard let entries = unsafe chttpd_table_entries(table, &count) else { return }
    for index in 0..<Int(count) {
        if let key = unsafe entries[index].key, let value = unsafe entries[index].val { unsafe body(key, value) }
    }
}

private func equals(_ text: CText, _ literal: StaticString) -> Bool {
    unsafe strcmp(text, UnsafeRawPointer(literal.utf8Start).assumingMemoryBound(to: CChar.self)) == 0
}

private func equalsIgnoringCase(_ text: CText, _ literal: StaticString) -> Bool {
    unsafe strcasecmp(text, UnsafeRawPointer(literal.utf8Start).assumingMemoryBound(to: CChar.self)) == 0
}
