internal import CHTTPD
internal import Glibc
internal import WSGIConfig
internal import WSGICore

/// The script that serves a request, and the options of the directive that maps it.
@safe enum ScriptMapping {
    /// The requested file is the script. It was found by an alias or by its handler.
    case script(alias: ScriptAlias?)
    /// A handler script serves the requested file.
    case handlerScript(HandlerScript)

    /// Maps a URI to a script in the hook `translate_name`: `WSGIScriptAlias`, `WSGIScriptAliasMatch`.
    ///
    /// - Returns: OK if an alias covers the URI, otherwise DECLINED.
    static func translate(_ r: Request) -> Int32 {
        guard let uri = unsafe r.pointee.uri, unsafe uri[0] == CChar(bitPattern: UInt8(ascii: "/")),
            let here = unsafe r.pointee.server, let server = unsafe ConfigBridge.server(here),
            let pool = unsafe r.pointee.pool
        else { return DECLINED }
        guard let mapped = unsafe server.alias(of: uri), let file = unsafe mapped.map(uri, pool) else {
            return DECLINED
        }
        guard unsafe file[0] == CChar(bitPattern: UInt8(ascii: "/")) else { return unsafe rejectRelative(r, file) }
        unsafe r.pointee.filename = unsafe file
        unsafe r.pointee.handler = handlerName
        unsafe apr_table_setn(r.pointee.notes, "alias-forced-type", handlerName)
        unsafe mapped.note(in: r)
        // The server's configuration keeps the alias alive, and outlives the request.
        unsafe chttpd_set_module_config(r.pointee.request_config, Unmanaged.passUnretained(mapped).toOpaque())
        return OK
    }

    /// Rejects a relative path: httpd has no current directory that it could be relative to.
    private static func rejectRelative(_ r: Request, _ file: UnsafeMutablePointer<CChar>) -> Int32 {
        unsafe Log.request(
            r, .error, .scriptMissing,
            unsafe "The WSGI script '\(string(file))' is not an absolute path; write the whole path in its "
                + "WSGIScriptAlias.")
        return HTTP_NOT_FOUND
    }

    /// The mapping that the request's handler selects. `nil` if the request belongs to another module.
    init?(_ r: Request, _ server: ServerConfig, _ effective: DirectoryConfig) {
        guard let name = unsafe r.pointee.handler else { return nil }
        if unsafe strcmp(name, handlerName) == 0 || strcmp(name, handlerType) == 0 {
            self = unsafe .script(alias: Self.alias(of: r, server))
            return
        }
        for index in effective.settings.handlerScripts.indices
        where unsafe effective.settings.handlerScripts[index].name.equals(bytes(of: name)) {
            self = .handlerScript(effective.settings.handlerScripts[index])
            return
        }
        return nil
    }

    /// The alias that mapped the request to its script. `nil` if none did.
    ///
    /// A directory index, a fallback resource or a negotiated variant is a different URI. `ap_internal_fast_redirect`
    /// copies its notes to the request, but not its `request_config`, to which the alias is attached.
    private static func alias(of r: Request, _ server: ServerConfig) -> ScriptAlias? {
        guard let uri = unsafe r.pointee.uri else { return nil }
        let attached: MappedAlias? = unsafe ConfigBridge.object(chttpd_module_config(r.pointee.request_config))
        if let attached, unsafe attached.covers(uri) { return attached.alias }
        guard let type = unsafe apr_table_get(r.pointee.notes, "alias-forced-type"),
            unsafe strcmp(type, handlerName) == 0
        else { return nil }
        return unsafe server.alias(of: uri)?.alias
    }

    /// `process-group=`. `nil`: the setting applies.
    var processGroup: GroupExpression? {
        switch self {
        case .script(let alias): alias?.processGroup
        case .handlerScript(let script): script.processGroup
        }
    }

    /// `application-group=`. `nil`: the setting applies.
    var applicationGroup: GroupExpression? {
        switch self {
        case .script(let alias): alias?.applicationGroup
        case .handlerScript(let script): script.applicationGroup
        }
    }

    /// `pass-authorization=`. `nil`: the setting applies.
    var passAuthorization: Bool? {
        switch self {
        case .script(let alias): alias?.passAuthorization
        case .handlerScript(let script): script.passAuthorization
        }
    }

    /// The literal name of the callable. `nil`: the setting applies.
    var callableObject: ConfigText? {
        switch self {
        case .script(let alias): alias?.callableObject
        case .handlerScript: Self.handlerEntry
        }
    }

    /// The entry point of a handler script.
    private static let handlerEntry: ConfigText = "handle_request"
}

/// The handler's name in `SetHandler` and `AddHandler`, and the media type that means the same.
private var handlerName: CText { unsafe literal("wsgi-script") }
private var handlerType: CText { unsafe literal("application/x-httpd-wsgi") }
