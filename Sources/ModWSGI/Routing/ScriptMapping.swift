internal import CHTTPD
internal import Glibc
internal import WSGIConfig
internal import WSGICore

/// Which script serves a request, and what the directive that says so adds to the settings.
@safe enum ScriptMapping {
    /// The requested file is the script; it was found by an alias, or by its handler.
    case script(alias: ScriptAlias?)
    /// A handler script serves the requested file.
    case handlerScript(HandlerScript)

    /// Maps a URI to a script, as `translate_name`: `WSGIScriptAlias`, `WSGIScriptAliasMatch`.
    ///
    /// - Returns: OK when an alias covers the URI, otherwise DECLINED.
    static func translate(_ r: Request) -> Int32 {
        guard let uri = unsafe r.pointee.uri, unsafe uri[0] == CChar(bitPattern: UInt8(ascii: "/")),
            let here = unsafe r.pointee.server, let server = unsafe ConfigBridge.server(here),
            let pool = unsafe r.pointee.pool
        else { return DECLINED }
        guard let mapped = unsafe server.alias(of: uri), let file = unsafe mapped.map(uri, pool) else {
            return DECLINED
        }
        guard unsafe file[0] == CChar(bitPattern: UInt8(ascii: "/")) else { return unsafe refuseRelative(r, file) }
        unsafe r.pointee.filename = unsafe file
        unsafe r.pointee.handler = handlerName
        unsafe apr_table_setn(r.pointee.notes, "alias-forced-type", handlerName)
        unsafe mapped.note(in: r)
        // The alias is kept alive by the server's configuration, which outlives the request.
        unsafe chttpd_set_module_config(r.pointee.request_config, Unmanaged.passUnretained(mapped).toOpaque())
        return OK
    }

    /// A relative path is relative to nothing: httpd has no current directory.
    private static func refuseRelative(_ r: Request, _ file: UnsafeMutablePointer<CChar>) -> Int32 {
        unsafe Log.request(
            r, .error, .scriptMissing,
            unsafe "The WSGI script '\(string(file))' is not an absolute path; write the whole path in its "
                + "WSGIScriptAlias.")
        return HTTP_NOT_FOUND
    }

    /// What the request's handler says; `nil` when the request is somebody else's.
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

    /// The alias that gave the request its script; nil when none did.
    ///
    /// A directory index, a fallback resource or a negotiated variant is another URI, which brings its notes to the
    /// request (`ap_internal_fast_redirect`), but not what we have attached to it.
    private static func alias(of r: Request, _ server: ServerConfig) -> ScriptAlias? {
        guard let uri = unsafe r.pointee.uri else { return nil }
        let attached: MappedAlias? = unsafe ConfigBridge.object(chttpd_module_config(r.pointee.request_config))
        if let attached, unsafe attached.covers(uri) { return attached.alias }
        guard let type = unsafe apr_table_get(r.pointee.notes, "alias-forced-type"),
            unsafe strcmp(type, handlerName) == 0
        else { return nil }
        return unsafe server.alias(of: uri)?.alias
    }

    /// `process-group=`; `nil`: as the settings say.
    var processGroup: GroupExpression? {
        switch self {
        case .script(let alias): alias?.processGroup
        case .handlerScript(let script): script.processGroup
        }
    }

    /// `application-group=`; `nil`: as the settings say.
    var applicationGroup: GroupExpression? {
        switch self {
        case .script(let alias): alias?.applicationGroup
        case .handlerScript(let script): script.applicationGroup
        }
    }

    /// `pass-authorization=`; `nil`: as the settings say.
    var passAuthorization: Bool? {
        switch self {
        case .script(let alias): alias?.passAuthorization
        case .handlerScript(let script): script.passAuthorization
        }
    }

    /// The name of the callable, literally; `nil`: as the settings say.
    var callableObject: ConfigText? {
        switch self {
        case .script(let alias): alias?.callableObject
        case .handlerScript: Self.handlerEntry
        }
    }

    /// What a handler script is entered by.
    private static let handlerEntry: ConfigText = "handle_request"
}

/// The handler's name in `SetHandler` and `AddHandler`, and the media type that means the same.
private var handlerName: Text { unsafe literal("wsgi-script") }
private var handlerType: Text { unsafe literal("application/x-httpd-wsgi") }
