internal import CHTTPD
internal import CSystem
internal import Glibc
internal import Synchronization
internal import WSGIWire

/// Writes what httpd knows of a request as an encoded `RequestHead`, straight from httpd's own memory.
///
/// Runs once per request on its thread; the only memory it takes is the buffer's. A later entry of the same key wins in
/// the application, so the order is: variables set by directives, request headers, CGI variables.
struct RequestEncoder: ~Copyable {
    private let r: Request
    private var head: RequestHeadEncoder

    /// What the route says about the request.
    @safe struct Facts {
        var script: UnsafeRawBufferPointer
        var applicationGroup: UnsafeRawBufferPointer
        var callableObject: UnsafeRawBufferPointer
        var handlerScript: UnsafeRawBufferPointer
        var scriptModified: Int64 = 0
        var queueStart: Int64 = 0
        var passesAuthorization = false
        var flags: RequestHead.Flags = []
        var contentLength: Int64 = -1
    }

    /// Encodes the head of `r` at the end of `buffer`; the caller appends the inline body, if `inlineBody` says so.
    static func encode(_ r: Request, _ facts: Facts, inlineBody: Int, into buffer: inout ByteBuffer) {
        var encoder = RequestEncoder(r, facts, &buffer)
        encoder.directiveVariables(&buffer)
        encoder.requestHeaders(passesAuthorization: facts.passesAuthorization, &buffer)
        encoder.serverVariables(&buffer)
        encoder.requestVariables(&buffer)
        encoder.moduleVariables(facts, &buffer)
        var flags = facts.flags
        if encoder.isHTTPS { flags.insert(.https) }
        encoder.head.finish(flags: flags, bodyLength: inlineBody, into: &buffer)
    }

    private var isHTTPS = false

    private init(_ r: Request, _ facts: Facts, _ buffer: inout ByteBuffer) {
        self.r = r
        head = RequestHeadEncoder(
            into: &buffer, contentLength: facts.contentLength, scriptModified: facts.scriptModified,
            requestStart: r.pointee.request_time, queueStart: facts.queueStart)
        head.strings(
            script: facts.script, applicationGroup: facts.applicationGroup, callableObject: facts.callableObject,
            requestID: bytes(of: requestID(of: r)), into: &buffer)
    }

    // MARK: - Groups of entries

    /// SetEnv, SetEnvIf, RewriteRule [E=], mod_ssl's StdEnvVars: whatever httpd's modules put into `subprocess_env`.
    private mutating func directiveVariables(_ buffer: inout ByteBuffer) {
        isHTTPS = chttpd_is_https(r)
        forEachEntry(of: r.pointee.subprocess_env) { key, value in
            if equals(key, "HTTPS") {
                // Decides the scheme and is not passed on.
                isHTTPS = equals(value, "1") || equalsIgnoringCase(value, "on")
            } else if !equals(key, "PATH") {
                head.entry(key: bytes(of: key), value: bytes(of: value), into: &buffer)
            }
        }
    }

    /// `HTTP_*`, CONTENT_TYPE and CONTENT_LENGTH. A name with other characters than letters, digits and `-` could pass
    /// for another header (`X_Foo` for `X-Foo`) and is left out.
    private mutating func requestHeaders(passesAuthorization: Bool, _ buffer: inout ByteBuffer) {
        let passesAll = chttpd_passes_authorization(r)
        forEachEntry(of: r.pointee.headers_in) { key, value in
            switch key[0] | 0x20 {
            case CChar(bitPattern: UInt8(ascii: "c")):
                if equalsIgnoringCase(key, "content-type") {
                    head.entry(key: bytes(of: "CONTENT_TYPE"), value: bytes(of: value), into: &buffer)
                    return
                }
                if equalsIgnoringCase(key, "content-length") {
                    head.entry(key: bytes(of: "CONTENT_LENGTH"), value: bytes(of: value), into: &buffer)
                    return
                }
            case CChar(bitPattern: UInt8(ascii: "a")):
                if equalsIgnoringCase(key, "authorization"), !passesAll, !passesAuthorization { return }
            case CChar(bitPattern: UInt8(ascii: "p")):
                if equalsIgnoringCase(key, "proxy") { return }
                if equalsIgnoringCase(key, "proxy-authorization"), !passesAll { return }
            default: break
            }
            header(key, value, &buffer)
        }
    }

    /// What is the same for every request of a connection or a server.
    private mutating func serverVariables(_ buffer: inout ByteBuffer) {
        let connection = r.pointee.connection
        put("SERVER_SOFTWARE", ap_get_server_banner(), &buffer)
        let name = ap_get_server_name_for_url(r)
        let escaped = needsEscape(name) ? ap_escape_html2(r.pointee.pool, name, 0) : nil
        put("SERVER_NAME", escaped.map { UnsafePointer($0) } ?? name, &buffer)
        put("SERVER_ADDR", connection?.pointee.local_ip.map { UnsafePointer($0) }, &buffer)
        putNumber("SERVER_PORT", Int64(ap_get_server_port(r)), &buffer)
        put("REMOTE_ADDR", r.pointee.useragent_ip.map { UnsafePointer($0) }, &buffer)
        putNumber("REMOTE_PORT", Int64(connection?.pointee.client_addr?.pointee.port ?? 0), &buffer)
        put("DOCUMENT_ROOT", ap_document_root(r), &buffer)
        put("REQUEST_SCHEME", ap_run_http_scheme(r), &buffer)
        put("CONTEXT_PREFIX", ap_context_prefix(r), &buffer)
        put("CONTEXT_DOCUMENT_ROOT", ap_context_document_root(r), &buffer)
        if let admin = r.pointee.server?.pointee.server_admin { put("SERVER_ADMIN", admin, &buffer) }
    }

    /// What is this request's own.
    private mutating func requestVariables(_ buffer: inout ByteBuffer) {
        put("SCRIPT_FILENAME", r.pointee.filename, &buffer)
        put("SERVER_PROTOCOL", r.pointee.protocol, &buffer)
        put("REQUEST_METHOD", r.pointee.method, &buffer)
        head.entry(key: bytes(of: "QUERY_STRING"), value: bytes(of: r.pointee.args), into: &buffer)
        if chttpd_wants_current_uri(r) {
            put("REQUEST_URI", r.pointee.uri, &buffer)
        } else {
            head.entry(key: bytes(of: "REQUEST_URI"), value: requestTarget(), into: &buffer)
        }
        if let user = r.pointee.user {
            put("REMOTE_USER", user, &buffer)
        } else if let former = userOfFormerRequest() {
            put("REDIRECT_REMOTE_USER", former, &buffer)
        }
        if let type = r.pointee.ap_auth_type { put("AUTH_TYPE", type, &buffer) }
        if let former = r.pointee.prev {
            if let arguments = former.pointee.args { put("REDIRECT_QUERY_STRING", arguments, &buffer) }
            if let uri = former.pointee.uri { put("REDIRECT_URL", uri, &buffer) }
        }
    }

    /// SCRIPT_NAME, PATH_INFO and the `mod_wsgi.*` keys that only httpd knows.
    private mutating func moduleVariables(_ facts: Facts, _ buffer: inout ByteBuffer) {
        let (scriptName, pathInfo) = scriptNameAndPathInfo(of: r)
        for key in ["SCRIPT_NAME", "mod_wsgi.script_name"] as [StaticString] {
            head.entry(key: bytes(of: key), value: scriptName, into: &buffer)
        }
        for key in ["PATH_INFO", "mod_wsgi.path_info"] as [StaticString] {
            head.entry(key: bytes(of: key), value: pathInfo, into: &buffer)
        }
        let connection = r.pointee.connection
        put("mod_wsgi.request_handler", r.pointee.handler, &buffer)
        head.entry(key: bytes(of: "mod_wsgi.handler_script"), value: facts.handlerScript, into: &buffer)
        let listener = connection?.pointee.local_addr
        head.entry(
            key: bytes(of: "mod_wsgi.listener_host"), value: bytes(of: listener?.pointee.hostname), into: &buffer)
        putNumber("mod_wsgi.listener_port", Int64(listener?.pointee.port ?? 0), &buffer)
        putNumber("mod_wsgi.server_pid", Int64(getpid()), &buffer)
        put("mod_wsgi.request_id", requestID(of: r), &buffer)
        if let identifier = connection?.pointee.log_id { put("mod_wsgi.connection_id", identifier, &buffer) }
    }

    // MARK: - One entry

    private mutating func put(_ key: StaticString, _ value: Text?, _ buffer: inout ByteBuffer) {
        guard let value else { return }
        head.entry(key: bytes(of: key), value: bytes(of: value), into: &buffer)
    }

    private mutating func put(_ key: StaticString, _ value: UnsafeMutablePointer<CChar>?, _ buffer: inout ByteBuffer) {
        put(key, UnsafePointer(value), &buffer)
    }

    private mutating func putNumber(_ key: StaticString, _ number: Int64, _ buffer: inout ByteBuffer) {
        withDecimal(number) { head.entry(key: bytes(of: key), value: $0, into: &buffer) }
    }

    /// Appends an `HTTP_*` entry, unless the header's name is not one.
    private mutating func header(_ name: Text, _ value: Text, _ buffer: inout ByteBuffer) {
        let length = strlen(name)
        guard length <= 1024 else { return }
        withUnsafeTemporaryAllocation(byteCount: 5 + 1024, alignment: 1) { key in
            guard let start = key.baseAddress else { return }
            memcpy(start, "HTTP_", 5)
            for index in 0..<length {
                let upper = cgiCharacter(UInt8(bitPattern: name[index]))
                if upper == 0 { return }
                start.storeBytes(of: upper, toByteOffset: 5 &+ index, as: UInt8.self)
            }
            head.entry(
                key: UnsafeRawBufferPointer(start: start, count: 5 &+ length), value: bytes(of: value), into: &buffer)
        }
    }

    // MARK: - Values

    /// The target of the request line as the client sent it.
    private func requestTarget() -> UnsafeRawBufferPointer {
        guard let line = r.pointee.the_request, let space = strchr(line, 32) else {
            return bytes(of: r.pointee.unparsed_uri)
        }
        let start = space + 1
        let end = strchr(start, 32) ?? start + strlen(start)
        return UnsafeRawBufferPointer(start: start, count: end - start)
    }

    private func userOfFormerRequest() -> UnsafeMutablePointer<CChar>? {
        var former = r.pointee.prev
        while let request = former {
            if let user = request.pointee.user { return user }
            former = request.pointee.prev
        }
        return nil
    }

    private func needsEscape(_ name: Text?) -> Bool {
        guard let name else { return false }
        return strpbrk(name, "<>&\"") != nil
    }
}

/// The request's log id, made when httpd has not needed one yet; joins the application's records with httpd's.
func requestID(of r: Request) -> Text? {
    if let known = r.pointee.log_id { return known }
    var made: Text?
    if ap_run_generate_log_id(r.pointee.connection, r, &made) != OK || made == nil {
        made = makeRequestID(in: r.pointee.pool)
    }
    r.pointee.log_id = made
    return made
}

/// SCRIPT_NAME and PATH_INFO: the URI up to and from the path info, with runs of slashes made one.
func scriptNameAndPathInfo(of r: Request) -> (UnsafeRawBufferPointer, UnsafeRawBufferPointer) {
    let info = r.pointee.path_info
    var nameLength = r.pointee.uri.map { strlen($0) } ?? 0
    if let info, info[0] != 0 {
        let included = r.pointee.protocol.map { strcmp($0, "INCLUDED") == 0 } ?? false
        if !included { nameLength = Int(ap_find_path_info(r.pointee.uri, info)) }
    }
    let name = UnsafeRawBufferPointer(start: r.pointee.uri, count: nameLength)
    return (withSingleSlashes(name, r.pointee.pool), withSingleSlashes(bytes(of: info), r.pointee.pool))
}

/// The bytes with every run of slashes made one; a copy in `pool` only where there is such a run.
func withSingleSlashes(_ path: UnsafeRawBufferPointer, _ pool: Pool?) -> UnsafeRawBufferPointer {
    let slash = UInt8(ascii: "/")
    var index = 1
    while index < path.count, !(path[index] == slash && path[index &- 1] == slash) { index = index &+ 1 }
    guard index < path.count, let start = path.baseAddress,
        let copy = apr_pstrmemdup(pool, start.assumingMemoryBound(to: CChar.self), apr_size_t(path.count))
    else { return path }
    ap_no2slash(copy)
    return bytes(of: copy)
}

// MARK: - Small parts

/// A header name's character as it stands in a CGI variable; 0: not allowed there.
@inline(__always)
private func cgiCharacter(_ byte: UInt8) -> UInt8 {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"): byte &- 32
    case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"): byte
    case UInt8(ascii: "-"): UInt8(ascii: "_")
    default: 0
    }
}

/// Makes the ids of one process differ even within a microsecond.
private let requestCounter = Atomic<UInt64>(0)

private func makeRequestID(in pool: Pool?) -> Text? {
    let count = requestCounter.wrappingAdd(1, ordering: .relaxed).newValue
    var number = UInt64(bitPattern: apr_time_now()) &<< 8 ^ count ^ UInt64(UInt32(bitPattern: getpid())) &<< 42
    let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+-" as StaticString
    guard let pool, let text = apr_palloc(pool, 12)?.assumingMemoryBound(to: CChar.self) else { return nil }
    for index in 0..<11 {
        text[index] = CChar(bitPattern: alphabet.utf8Start[Int(number & 63)])
        number = number &>> 6
    }
    text[11] = 0
    return UnsafePointer(text)
}

/// Calls `body` with the number in decimal digits.
@inline(__always)
private func withDecimal(_ number: Int64, _ body: (UnsafeRawBufferPointer) -> Void) {
    withUnsafeTemporaryAllocation(byteCount: 24, alignment: 1) { digits in
        var rest = number.magnitude
        var index = 24
        repeat {
            index = index &- 1
            digits[index] = UInt8(truncatingIfNeeded: 48 &+ rest % 10)
            rest /= 10
        } while rest > 0
        if number < 0 {
            index = index &- 1
            digits[index] = UInt8(ascii: "-")
        }
        body(UnsafeRawBufferPointer(rebasing: digits[index...]))
    }
}

@inline(__always)
private func forEachEntry(of table: OpaquePointer?, _ body: (Text, Text) -> Void) {
    guard let table else { return }
    var count: Int32 = 0
    guard let entries = chttpd_table_entries(table, &count) else { return }
    for index in 0..<Int(count) {
        if let key = entries[index].key, let value = entries[index].val { body(key, value) }
    }
}

private func equals(_ text: Text, _ literal: StaticString) -> Bool {
    strcmp(text, UnsafeRawPointer(literal.utf8Start).assumingMemoryBound(to: CChar.self)) == 0
}

private func equalsIgnoringCase(_ text: Text, _ literal: StaticString) -> Bool {
    strcasecmp(text, UnsafeRawPointer(literal.utf8Start).assumingMemoryBound(to: CChar.self)) == 0
}
