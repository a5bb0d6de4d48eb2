internal import CHTTPD
internal import Glibc
internal import WSGIConfig
internal import WSGICore

/// Sets facts about a request as httpd environment variables, for example for `%{mod_wsgi.request_id}e` in `CustomLog`
/// and `Header`.
///
/// Applications receive the same facts in the encoded request. They are set only if the configuration mentions such a
/// variable, because they cost two dozen table entries for each request.
enum LogVariables {
    /// Whether the configuration mentions a variable of this module. Written by the parent.
    @safe nonisolated(unsafe) static var isWanted = false
    /// Whether the configuration reads CGI variables from httpd's environment. Written by the parent.
    @safe nonisolated(unsafe) static var isCGIWanted = false

    /// Called before a new configuration is read.
    static func reset() {
        isWanted = false
        isCGIWanted = false
    }

    /// Whether an argument of any directive mentions a variable of this module.
    static func areMentioned(in first: UnsafePointer<ap_directive_t>?) -> Bool {
        unsafe anyArgument(of: first) { unsafe strstr($0, "mod_wsgi.") != nil }
    }

    /// Whether the arguments of a directive, or of one nested in it, match.
    static func anyArgument(of first: UnsafePointer<ap_directive_t>?, _ matches: (CText) -> Bool) -> Bool {
        var next = unsafe first
        while let directive = unsafe next {
            if let arguments = unsafe directive.pointee.args, unsafe matches(arguments) { return true }
            if unsafe anyArgument(of: UnsafePointer(directive.pointee.first_child), matches) { return true }
            unsafe next = UnsafePointer(directive.pointee.next)
        }
        return false
    }

    /// Whether an argument of any directive reads a CGI variable from httpd's environment, by `%{NAME}e`, `env=NAME`,
    /// `reqenv('NAME')` or `expr=`. mod_wsgi sets these variables there.
    static func mentionsCGIVariables(in first: UnsafePointer<ap_directive_t>?) -> Bool {
        unsafe anyArgument(of: first) { unsafe mentionsCGI($0) }
    }

    private static func mentionsCGI(_ arguments: UnsafePointer<CChar>) -> Bool {
        // cold: only if the configuration asks for them
        let readers: [StaticString] = ["}e", "env=", "reqenv", "expr="]
        let names: [StaticString] = [  // cold: only if the configuration asks for them
            "HTTP_", "REMOTE_", "SERVER_", "SCRIPT_", "REQUEST_", "PATH_INFO", "PATH_TRANSLATED", "QUERY_STRING",
            "CONTENT_", "CONTEXT_", "AUTH_TYPE", "DOCUMENT_ROOT", "GATEWAY_INTERFACE",
        ]
        let contains = { (text: StaticString) in unsafe ap_strcasestr(arguments, literal(text)) != nil }
        return readers.contains(where: contains) && names.contains(where: contains)
    }

    /// Sets the variables. The application's environ must already be encoded, because they have other types there.
    static func set(_ r: Request, _ facts: RequestFacts) {
        if isCGIWanted { unsafe setCGI(r) }
        guard isWanted else { return }
        let settings = facts.effective.settings
        let (scriptName, pathInfo) = unsafe scriptNameAndPathInfo(of: r)
        let connection = unsafe r.pointee.connection
        let listener = unsafe connection?.pointee.local_addr
        unsafe put(r, "mod_wsgi.version", ModuleVersion.text)
        unsafe put(r, "mod_wsgi.process_group", facts.processGroup)
        unsafe put(r, "mod_wsgi.application_group", facts.applicationGroup)
        unsafe put(r, "mod_wsgi.callable_object", facts.callableObject)
        unsafe put(r, "mod_wsgi.request_handler", bytes(of: r.pointee.handler))
        unsafe put(r, "mod_wsgi.handler_script", facts.handlerScript)
        unsafe put(r, "mod_wsgi.script_name", scriptName)
        unsafe put(r, "mod_wsgi.path_info", pathInfo)
        unsafe put(r, "mod_wsgi.listener_host", bytes(of: listener?.pointee.hostname))
        // cold: only if the configuration asks for them
        unsafe put(r, "mod_wsgi.listener_port", unsafe String(listener?.pointee.port ?? 0))
        // cold: only if the configuration asks for them
        unsafe put(r, "mod_wsgi.server_pid", String(getpid()))
        unsafe put(r, "mod_wsgi.request_id", bytes(of: requestID(of: r)))
        if let identifier = unsafe connection?.pointee.log_id {
            unsafe put(r, "mod_wsgi.connection_id", bytes(of: identifier))
        }
        unsafe put(r, "mod_wsgi.request_start", unsafe seconds(r.pointee.request_time))
        unsafe put(r, "mod_wsgi.queue_start", seconds(facts.queueStart))
        // cold: only if the configuration asks for them
        unsafe put(r, "mod_wsgi.x-request_start_us", unsafe String(r.pointee.request_time))
        // cold: only if the configuration asks for them
        unsafe put(r, "mod_wsgi.x-queue_start_us", String(facts.queueStart))
        unsafe put(r, "mod_wsgi.x-script_reloading", settings.scriptReloading == .off ? "0" : "1")
        unsafe put(r, "mod_wsgi.x-enable_sendfile", settings.enableSendfile == .off ? "0" : "1")
        unsafe put(r, "mod_wsgi.x-ignore_activity", settings.ignoreActivity ? "1" : "0")
    }

    /// Sets the CGI variables, as httpd creates them.
    private static func setCGI(_ r: Request) {
        unsafe ap_add_common_vars(r)
        unsafe ap_add_cgi_vars(r)
        if unsafe apr_table_get(r.pointee.subprocess_env, "PATH_INFO") == nil {
            unsafe apr_table_setn(r.pointee.subprocess_env, literal("PATH_INFO"), emptyText)
        }
    }

    /// Sets the variables that are known after a worker's response: how often the request was passed to a worker, and
    /// how often it was passed on because the worker was being replaced.
    static func set(_ r: Request, connects: Int) {
        guard isWanted else { return }
        // cold: only if the configuration asks for them
        unsafe put(r, "mod_wsgi.x-daemon_connects", String(connects))
        // cold: only if the configuration asks for them
        unsafe put(r, "mod_wsgi.x-daemon_restarts", String(max(0, connects - 1)))
    }

    // cold: only if the configuration asks for them
    private static func put(_ r: Request, _ key: StaticString, _ value: String) {
        unsafe apr_table_setn(r.pointee.subprocess_env, literal(key), copy(value, into: r.pointee.pool))
    }

    private static func put(_ r: Request, _ key: StaticString, _ value: UnsafeRawBufferPointer) {
        let start = unsafe value.baseAddress?.assumingMemoryBound(to: CChar.self) ?? emptyText
        unsafe apr_table_setn(
            r.pointee.subprocess_env, literal(key), apr_pstrmemdup(r.pointee.pool, start, apr_size_t(value.count)))
    }

    /// A time in seconds since 1970, in the form that applications receive.
    // cold: only if the configuration asks for them
    private static func seconds(_ microseconds: Int64) -> String {
        let fraction = String(microseconds % 1_000_000)  // cold: only if the configuration asks for them
        // cold: only if the configuration asks for them
        return "\(microseconds / 1_000_000)." + String(repeating: "0", count: max(0, 6 - fraction.utf8.count))
            + fraction
    }
}
