internal import CHTTPD
internal import CSystem
internal import WSGIConfig
internal import WSGICore
internal import WSGIWire

/// Decides what happens to a request: which script, which process group, which interpreter, or which refusal.
@safe struct RequestRouter: ~Copyable {
    private let r: Request
    private let settings: DirectorySettings
    private let alias: ScriptAlias?

    /// Maps a URI to a script, as `translate_name`: `WSGIScriptAlias`.
    ///
    /// - Returns: OK when an alias covers the URI, otherwise DECLINED.
    static func translate(_ r: Request) -> Int32 {
        guard let uri = unsafe r.pointee.uri, unsafe uri[0] == CChar(bitPattern: UInt8(ascii: "/")),
            let here = unsafe r.pointee.server, let server = unsafe ConfigBridge.server(here),
            let (index, rest) = unsafe server.settings.matchAlias(bytes(of: uri))
        else { return DECLINED }
        let alias = server.settings.scriptAliases[index]
        unsafe r.pointee.filename = join(alias.target, bytes(of: uri), from: rest, r.pointee.pool)
        unsafe r.pointee.handler = handlerName
        unsafe apr_table_setn(r.pointee.notes, "alias-forced-type", handlerName)
        // The alias is kept alive by the server's configuration, which outlives the request.
        unsafe chttpd_set_module_config(r.pointee.request_config, Unmanaged.passUnretained(alias).toOpaque())
        return OK
    }

    /// Serves a request whose handler is ours.
    static func handle(_ r: Request) -> Int32 {
        guard let name = unsafe r.pointee.handler else { return DECLINED }
        guard unsafe strcmp(name, handlerName) == 0 || strcmp(name, handlerType) == 0 else { return DECLINED }
        guard let here = unsafe r.pointee.server, let server = unsafe ConfigBridge.server(here) else { return DECLINED }
        let alias = unsafe alias(of: r, server.settings)
        if let refusal = unsafe refuseScript(r, isAliased: alias != nil) { return refusal }
        guard let directory = unsafe ConfigBridge.directory(r) else {
            return unsafe RequestRouter(r, server.settings.directory, alias).serve()
        }
        return DirectorySettings.withEffective(server: server.settings.directory, directory: directory.settings) {
            unsafe RequestRouter(r, copy $0, alias).serve()
        }
    }

    /// The alias that gave the request its script; nil when none did.
    ///
    /// A directory index, a fallback resource or a negotiated variant is another URI, which brings its notes to the
    /// request (`ap_internal_fast_redirect`), but not what we have attached to it.
    private static func alias(of r: Request, _ settings: ServerSettings) -> ScriptAlias? {
        let attached: ScriptAlias? = unsafe ConfigBridge.object(chttpd_module_config(r.pointee.request_config))
        if let attached, unsafe attached.match(bytes(of: r.pointee.uri)) != nil { return attached }
        guard let type = unsafe apr_table_get(r.pointee.notes, "alias-forced-type"),
            unsafe strcmp(type, handlerName) == 0,
            let (index, _) = unsafe settings.matchAlias(bytes(of: r.pointee.uri))
        else { return nil }
        return settings.scriptAliases[index]
    }

    private init(_ r: Request, _ settings: DirectorySettings, _ alias: ScriptAlias?) {
        unsafe self.r = r
        self.settings = settings
        self.alias = alias
    }

    // MARK: - Checks that need no settings

    private static func refuseScript(_ r: Request, isAliased: Bool) -> Int32? {
        let script = { unsafe string(r.pointee.filename) }
        if !isAliased, unsafe !chttpd_options_exec(r) {
            unsafe Log.request(
                r, .error, .execDenied,
                "Options ExecCGI is off in the directory of '\(script())': add 'Options +ExecCGI' to its <Directory>.")
            return HTTP_FORBIDDEN
        }
        if unsafe !chttpd_script_has_file(r) {
            unsafe Log.request(
                r, .error, .scriptMissing,
                "The WSGI script '\(script())' does not exist, or httpd's user may not enter its directory.")
            return HTTP_NOT_FOUND
        }
        if unsafe chttpd_script_is_directory(r) {
            unsafe Log.request(
                r, .error, .scriptIsDirectory,
                "'\(script())' is a directory, not a WSGI script: name the script's file in WSGIScriptAlias.")
            return HTTP_FORBIDDEN
        }
        if unsafe chttpd_used_path_info(r) == AP_REQ_REJECT_PATH_INFO, let info = unsafe r.pointee.path_info,
            unsafe info[0] != 0
        {
            unsafe Log.request(
                r, .error, .pathInfoRefused, "AcceptPathInfo is off, and '\(script())' was asked for with more.")
            return HTTP_NOT_FOUND
        }
        return nil
    }

    // MARK: - One request

    private borrowing func serve() -> Int32 {
        var facts = unsafe RequestEncoder.Facts(
            script: bytes(of: r.pointee.filename), applicationGroup: UnsafeRawBufferPointer(start: nil, count: 0),
            callableObject: UnsafeRawBufferPointer(start: nil, count: 0),
            handlerScript: UnsafeRawBufferPointer(start: nil, count: 0))
        if let refusal = describeBody(&facts) { return refusal }
        facts.passesAuthorization = alias?.passAuthorization ?? settings.passAuthorization
        if settings.scriptReloading {
            facts.flags.insert(.scriptReloading)
            facts.scriptModified = unsafe r.pointee.finfo.mtime
        }
        if unsafe r.pointee.header_only != 0 { facts.flags.insert(.headersOnly) }
        let scratch = unsafe ScratchPool.take()
        defer { unsafe ScratchPool.give(scratch) }
        guard let dispatch = unsafe Dispatch.ask(r, settings, facts) else { return HTTP_INTERNAL_SERVER_ERROR }
        guard
            let process = unsafe name(
                dispatch.processGroup ?? alias?.processGroup ?? settings.processGroup, scratch.pointee.name(0)),
            let application = unsafe name(
                dispatch.applicationGroup ?? alias?.applicationGroup ?? settings.applicationGroup,
                scratch.pointee.name(1)),
            let callable = unsafe dispatch.callableObject.map({ unsafe name($0, scratch.pointee.name(2)) })
                ?? callable(scratch.pointee.name(2))
        else {
            unsafe Log.request(
                r, .error, .groupUnknown,
                "The name of a group or a callable is longer than \(Scratch.longestName) bytes after expansion.")
            return HTTP_INTERNAL_SERVER_ERROR
        }
        unsafe facts.applicationGroup = application
        unsafe facts.callableObject = callable
        return unsafe process.isEmpty ? embedded(facts, scratch) : daemon(process, &facts, scratch)
    }

    private borrowing func daemon(
        _ name: UnsafeRawBufferPointer, _ facts: inout RequestEncoder.Facts, _ scratch: UnsafeMutablePointer<Scratch>
    ) -> Int32 {
        let text = { unsafe String(decoding: name, as: UTF8.self) }
        switch unsafe ModuleState.find(name, from: r.pointee.server) {
        case .found(let index):
            guard index < ModuleState.groups.count, let board = unsafe ModuleState.board else { break }
            facts.queueStart = apr_time_now()
            return unsafe DaemonHandler.run(
                r, facts, in: ModuleState.groups[index], choice: SlotChoice(board: board, child: ModuleState.child),
                scratch, usesSendfile: settings.enableSendfile)
        case .ofOtherHost:
            unsafe Log.request(
                r, .error, .groupOfOtherHost,
                "Process group '\(text())' belongs to another virtual host: it can be used where ServerName is the same. "
                    + "Move its WSGIDaemonProcess out of <VirtualHost>, or define a group of another name here.")
            return HTTP_INTERNAL_SERVER_ERROR
        case .unknown: break
        }
        let known = ModuleState.groups.map(\.name).joined(separator: ", ")
        unsafe Log.request(
            r, .error, .groupUnknown,
            "No process group '\(text())' is defined by a WSGIDaemonProcess; defined are: \(known.isEmpty ? "none" : known)."
        )
        return HTTP_INTERNAL_SERVER_ERROR
    }

    private borrowing func embedded(
        _ facts: RequestEncoder.Facts, _ scratch: UnsafeMutablePointer<Scratch>
    ) -> Int32 {
        guard !ModuleState.restrictsEmbedded else {
            unsafe Log.request(
                r, .error, .embeddedRestricted,
                unsafe "'\(string(r.pointee.filename))' would run embedded in httpd, and WSGIRestrictEmbedded is On: "
                    + "name a process group with WSGIProcessGroup or the alias' process-group=.")
            return HTTP_INTERNAL_SERVER_ERROR
        }
        guard let engine = unsafe ModuleState.embedded?.engine() else {
            unsafe Log.request(
                r, .error, .embeddedUnavailable,
                "Python could not be started in this httpd process; the reason is in the error log, where it was tried."
            )
            return HTTP_INTERNAL_SERVER_ERROR
        }
        return unsafe EmbeddedHandler.run(
            r, facts, engine, usesSendfile: settings.enableSendfile,
            passesRequest: settings.passApacheRequest, scratch)
    }

    // MARK: - Parts

    /// The request's body, as its headers describe it; a status when they are not acceptable.
    private borrowing func describeBody(_ facts: inout RequestEncoder.Facts) -> Int32? {
        if let encoding = unsafe apr_table_get(r.pointee.headers_in, "Transfer-Encoding") {
            guard unsafe strcasecmp(encoding, "chunked") == 0 else {
                unsafe Log.request(
                    r, .error, .transferEncodingRefused, unsafe "Unknown Transfer-Encoding '\(string(encoding))'.")
                return HTTP_NOT_IMPLEMENTED
            }
            guard settings.chunkedRequest else {
                unsafe Log.request(
                    r, .error, .transferEncodingRefused,
                    "The request body has no length (Transfer-Encoding: chunked): WSGIChunkedRequest On accepts it.")
                return HTTP_LENGTH_REQUIRED
            }
            facts.flags.insert(.bodyFollows)
            return nil
        }
        guard let length = unsafe apr_table_get(r.pointee.headers_in, "Content-Length") else { return nil }
        guard let number = unsafe decimal(length) else {
            unsafe Log.request(r, .error, .contentLengthInvalid, unsafe "Invalid Content-Length '\(string(length))'.")
            return HTTP_BAD_REQUEST
        }
        let limit = unsafe chttpd_body_limit(r)
        guard limit == 0 || number <= limit else {
            unsafe Log.request(
                r, .error, .bodyTooLarge,
                "The request body of \(number) bytes is larger than LimitRequestBody \(limit).")
            return HTTP_REQUEST_ENTITY_TOO_LARGE
        }
        facts.contentLength = number
        if number > 0 { facts.flags.insert(.bodyFollows) }
        return nil
    }

    /// The group's name for this request, literal or written into `room`; nil when it is too long.
    private borrowing func name(
        _ expression: GroupExpression, _ room: UnsafeMutableRawBufferPointer
    ) -> UnsafeRawBufferPointer? {
        guard let length = unsafe expression.write(for: ExpansionFacts(r), into: room) else { return nil }
        return unsafe UnsafeRawBufferPointer(rebasing: room[..<length])
    }

    private borrowing func callable(_ room: UnsafeMutableRawBufferPointer) -> UnsafeRawBufferPointer? {
        guard let literal = alias?.callableObject else { return unsafe name(settings.callableObject, room) }
        guard literal.count <= room.count else { return nil }
        unsafe literal.withBytes { unsafe room.copyMemory(from: $0) }
        return unsafe UnsafeRawBufferPointer(rebasing: room[..<literal.count])
    }

    private static func join(
        _ target: ConfigText, _ uri: UnsafeRawBufferPointer, from rest: Int, _ pool: Pool?
    ) -> UnsafeMutablePointer<CChar>? {
        unsafe target.withBytes { target in
            let tail = uri.count - rest
            guard let pool = unsafe pool, let joined = unsafe apr_palloc(pool, apr_size_t(target.count + tail + 1)),
                let start = uri.baseAddress
            else {
                return nil
            }
            if let base = target.baseAddress { unsafe joined.copyMemory(from: base, byteCount: target.count) }
            unsafe (joined + target.count).copyMemory(from: start + rest, byteCount: tail)
            unsafe joined.storeBytes(of: 0, toByteOffset: target.count + tail, as: UInt8.self)
            return unsafe joined.assumingMemoryBound(to: CChar.self)
        }
    }
}

/// What a group's expression may ask of a request.
@safe struct ExpansionFacts: ExpansionSource {
    private let r: Request

    init(_ r: Request) { unsafe self.r = r }

    var serverName: UnsafeRawBufferPointer { unsafe bytes(of: r.pointee.server?.pointee.server_hostname) }
    var hostName: UnsafeRawBufferPointer { unsafe bytes(of: r.pointee.hostname) }
    var port: UInt16 { unsafe ap_get_server_port(r) }
    var scriptName: UnsafeRawBufferPointer { unsafe scriptNameAndPathInfo(of: r).0 }

    func variable(_ name: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer? {
        guard let start = name.baseAddress,
            let key = unsafe apr_pstrmemdup(
                r.pointee.pool, start.assumingMemoryBound(to: CChar.self), apr_size_t(name.count)),
            let value = unsafe apr_table_get(r.pointee.notes, key) ?? apr_table_get(r.pointee.subprocess_env, key)
                ?? getenv(key).map({ unsafe UnsafePointer($0) })
        else { return nil }
        return unsafe bytes(of: value)
    }
}

/// The handler's name in `SetHandler` and `AddHandler`, and the media type that means the same.
private var handlerName: Text { unsafe literal("wsgi-script") }
private var handlerType: Text { unsafe literal("application/x-httpd-wsgi") }

/// The number that a text is, if it is nothing but decimal digits and fits.
private func decimal(_ text: Text) -> Int64? {
    var number: Int64 = 0
    var index = 0
    while unsafe text[index] != 0 {
        let digit = unsafe Int64(UInt8(bitPattern: text[index])) &- 48
        guard digit >= 0, digit <= 9, number <= (Int64.max &- digit) / 10 else { return nil }
        number = number &* 10 &+ digit
        index &+= 1
    }
    return index > 0 ? number : nil
}
