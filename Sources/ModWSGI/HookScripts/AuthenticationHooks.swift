internal import CEngineABI
internal import CHTTPD
internal import WSGIConfig
internal import WSGICore

/// Access control, authentication and group authorization by Python hook scripts.
///
/// With PER_URI, httpd repeats the checks for each internal request whose URI differs, not only if a different
/// configuration applies to it: the result of a script may depend on anything in its environ.
enum AuthenticationHooks {
    /// Registers the hook and the two providers. Called at each start and restart.
    static func register(_ pool: Pool?) {
        unsafe ap_hook_check_access(
            checkAccess, moduleNames("mod_ssl.c", in: pool), moduleNames("mod_authz_host.c", in: pool),
            APR_HOOK_MIDDLE, AP_AUTH_INTERNAL_PER_URI)
        unsafe ap_register_auth_provider(
            pool, AUTHN_PROVIDER_GROUP, "wsgi", AUTHN_PROVIDER_VERSION, &userProvider, AP_AUTH_INTERNAL_PER_URI)
        unsafe ap_register_auth_provider(
            pool, AUTHZ_PROVIDER_GROUP, "wsgi-group", AUTHZ_PROVIDER_VERSION, &groupProvider, AP_AUTH_INTERNAL_PER_URI)
    }

    // MARK: - Access

    /// `allow_access(environ, host)` of `WSGIAccessScript`.
    fileprivate static func access(_ r: Request) -> Int32 {
        guard let directory = unsafe ConfigBridge.directory(r), let script = directory.settings.accessScript else {
            return DECLINED
        }
        let host = unsafe ap_get_useragent_host(r, REMOTE_HOST, nil) ?? r.pointee.useragent_ip.map { unsafe CText($0) }
        let function = unsafe HookFunction(
            name: "allow_access", arguments: [host], kinds: [WSGI_KIND_NONE, WSGI_KIND_BOOL])
        guard let answer = unsafe call(r, script, function) else { return HTTP_INTERNAL_SERVER_ERROR }
        switch answer {
        case .none: return DECLINED
        case .boolean(true): return OK
        case .boolean(false):
            if unsafe !chttpd_may_still_log_in(r) {
                unsafe Log.request(
                    r, .error, .accessDenied,
                    "Client '\(string(host))' was denied by allow_access of '\(script.path.string)' "
                        + "(\(script.location)): \(string(r.pointee.uri)).")
            }
        case .missing: unsafe logMissing(r, .allowAccessMissing, function, script)
        case .invalid(let type):
            unsafe logInvalid(r, .hookAnswerInvalid, function, script, "True, False or None, not \(type)")
        case .failed, .text, .items: break
        }
        return HTTP_FORBIDDEN
    }

    // MARK: - Users

    /// `check_password(environ, user, password)` of `WSGIAuthUserScript`.
    fileprivate static func checkPassword(_ r: Request, _ user: CText, _ password: CText) -> authn_status {
        guard let script = unsafe userScript(r) else { return AUTH_GENERAL_ERROR }
        let function = unsafe HookFunction(
            name: "check_password", arguments: [user, password],
            kinds: [WSGI_KIND_NONE, WSGI_KIND_BOOL, WSGI_KIND_STR, WSGI_KIND_UTF8])
        guard let answer = unsafe call(r, script, function) else { return AUTH_GENERAL_ERROR }
        let rule = "True, False, None or the name of the user"
        switch answer {
        case .none: return AUTH_USER_NOT_FOUND
        case .boolean(let isRight): return isRight ? AUTH_GRANTED : AUTH_DENIED
        case .text(let name):
            guard unsafe name[0] != 0 else {
                unsafe logInvalid(r, .checkPasswordEmpty, function, script, "\(rule), not an empty one")
                return AUTH_GENERAL_ERROR
            }
            unsafe r.pointee.user = UnsafeMutablePointer(mutating: name)
            return AUTH_GRANTED
        case .missing: unsafe logMissing(r, .checkPasswordMissing, function, script)
        case .invalid(let type):
            unsafe logInvalid(r, .checkPasswordInvalid, function, script, "\(rule) as str, not \(type)")
        case .failed, .items: break
        }
        return AUTH_GENERAL_ERROR
    }

    /// `get_realm_hash(environ, user, realm)` of `WSGIAuthUserScript`: the MD5 of `user:realm:password` in hexadecimal.
    fileprivate static func realmHash(
        _ r: Request, _ user: CText, _ realm: CText, _ hash: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>
    ) -> authn_status {
        guard let script = unsafe userScript(r) else { return AUTH_GENERAL_ERROR }
        let function = unsafe HookFunction(
            name: "get_realm_hash", arguments: [user, realm],
            kinds: [WSGI_KIND_NONE, WSGI_KIND_STR, WSGI_KIND_BYTES])
        guard let answer = unsafe call(r, script, function) else { return AUTH_GENERAL_ERROR }
        let rule = "None or the MD5 hash of user:realm:password in hexadecimal digits"
        switch answer {
        case .none: return AUTH_USER_NOT_FOUND
        case .text(let text):
            guard unsafe text[0] != 0 else {
                unsafe logInvalid(r, .realmHashEmpty, function, script, "\(rule), not an empty one")
                return AUTH_GENERAL_ERROR
            }
            unsafe hash.pointee = UnsafeMutablePointer(mutating: text)
            return AUTH_USER_FOUND
        case .missing: unsafe logMissing(r, .realmHashMissing, function, script)
        case .invalid(let type):
            unsafe logInvalid(r, .realmHashInvalid, function, script, "\(rule) as str or bytes, not \(type)")
        case .failed, .boolean, .items: break
        }
        return AUTH_GENERAL_ERROR
    }

    private static func userScript(_ r: Request) -> HookScript? {
        if let script = unsafe ConfigBridge.directory(r)?.settings.authUserScript { return script }
        unsafe Log.request(
            r, .error, .hookScriptUnset,
            "The authentication provider 'wsgi' has no script here: set WSGIAuthUserScript.")
        return nil
    }

    // MARK: - Groups

    /// `groups_for_user(environ, user)` of `WSGIAuthGroupScript`, for `Require wsgi-group name ...`.
    fileprivate static func checkGroups(_ r: Request, _ line: CText, _ parsed: UnsafeRawPointer?) -> authz_status {
        guard let user = unsafe r.pointee.user else { return AUTHZ_DENIED_NO_USER }
        guard let script = unsafe ConfigBridge.directory(r)?.settings.authGroupScript else {
            unsafe Log.request(
                r, .error, .hookScriptUnset,
                "'Require wsgi-group' has no script here: set WSGIAuthGroupScript.")
            return AUTHZ_DENIED
        }
        guard let names = unsafe names(r, line, parsed) else { return AUTHZ_DENIED }
        let function = unsafe HookFunction(
            name: "groups_for_user", arguments: [CText(user)], kinds: [WSGI_KIND_ITEMS])
        guard let answer = unsafe call(r, script, function) else { return AUTHZ_GENERAL_ERROR }
        switch answer {
        case .items(let groups):
            if unsafe isAny(of: groups, among: names, r.pointee.pool) { return AUTHZ_GRANTED }
            let isNone = unsafe groups.isEmpty
            unsafe Log.request(
                r, .error, isNone ? .userWithoutGroups : .userOutsideGroups,
                "User '\(string(user))' was denied '\(string(r.pointee.uri))': groups_for_user of "
                    + "'\(script.path.string)' (\(script.location)) returned "
                    + (isNone ? "no groups." : "none of the groups of 'Require wsgi-group \(string(names))'."))
        case .missing: unsafe logMissing(r, .groupsForUserMissing, function, script)
        case .invalid(let type):
            unsafe logInvalid(r, .hookAnswerInvalid, function, script, "a list of str or bytes, not \(type)")
        case .failed, .none, .boolean, .text: break
        }
        return AUTHZ_DENIED
    }

    /// The names of a Require line, with its variables expanded. `nil`, with the reason logged, if that fails.
    private static func names(_ r: Request, _ line: CText, _ parsed: UnsafeRawPointer?) -> CText? {
        guard let parsed = unsafe parsed else { return unsafe line }
        var message: CText?
        let expression = unsafe parsed.assumingMemoryBound(to: ap_expr_info_t.self)
        let names = unsafe ap_expr_str_exec(r, expression, &message)
        guard unsafe message == nil else {
            unsafe Log.request(
                r, .error, .hookAnswerInvalid,
                "The variables of 'Require wsgi-group \(string(line))' cannot be expanded: \(string(message)).")
            return nil
        }
        return unsafe names
    }

    private static func isAny(of groups: [CText], among names: CText, _ pool: Pool?) -> Bool {
        var rest: CText? = unsafe names
        while let next = unsafe rest, unsafe next[0] != 0 {
            guard let name = unsafe ap_getword_conf(pool, &rest), unsafe name[0] != 0 else { return false }
            if unsafe groups.contains(where: { unsafe strcmp($0, name) == 0 }) { return true }
        }
        return false
    }

    // MARK: - Parts

    /// Calls one function. `nil`, with the reason logged, if there is no Python.
    private static func call(_ r: Request, _ script: HookScript, _ function: HookFunction) -> HookResult? {
        guard let here = unsafe r.pointee.server, let server = unsafe ConfigBridge.server(here) else { return nil }
        let facts = unsafe RequestFacts(
            server, ConfigBridge.settings(of: r, in: server), script: bytes(of: r.pointee.filename))
        return unsafe HookScriptCall.call(r, script, facts, .client, [function])?.first
    }

    private static func logMissing(_ r: Request, _ id: LogID, _ function: HookFunction, _ script: HookScript) {
        unsafe Log.request(
            r, .error, id,
            "'\(script.path.string)' (\(script.location)) has no function '\(function.name)'; the request is rejected.")
    }

    private static func logInvalid(
        _ r: Request, _ id: LogID, _ function: HookFunction, _ script: HookScript, _ rule: String
    ) {
        unsafe Log.request(
            r, .error, id,
            "\(function.name) of '\(script.path.string)' (\(script.location)) must return \(rule); the request is "
                + "rejected.")
    }
}

// MARK: - Callbacks of httpd

private let checkAccess: @convention(c) (UnsafeMutablePointer<request_rec>?) -> Int32 = { r in
    unsafe r.map { unsafe AuthenticationHooks.access($0) } ?? DECLINED
}

/// The provider `wsgi` of `AuthBasicProvider` and `AuthDigestProvider`. httpd keeps the pointer.
nonisolated(unsafe) private var userProvider = unsafe authn_provider(
    check_password: { r, user, password in
        guard let r = unsafe r, let user = unsafe user, let password = unsafe password else {
            return AUTH_GENERAL_ERROR
        }
        return unsafe AuthenticationHooks.checkPassword(r, user, password)
    },
    get_realm_hash: { r, user, realm, hash in
        guard let r = unsafe r, let user = unsafe user, let realm = unsafe realm, let hash = unsafe hash else {
            return AUTH_GENERAL_ERROR
        }
        return unsafe AuthenticationHooks.realmHash(r, user, realm, hash)
    })

/// The provider of `Require wsgi-group`. httpd keeps the pointer.
nonisolated(unsafe) private var groupProvider = unsafe authz_provider(
    check_authorization: { r, line, parsed in
        guard let r = unsafe r, let line = unsafe line else { return AUTHZ_GENERAL_ERROR }
        return unsafe AuthenticationHooks.checkGroups(r, line, parsed)
    },
    parse_require_line: { command, line, parsed in
        guard let command = unsafe command, let line = unsafe line, let parsed = unsafe parsed else { return nil }
        return unsafe chttpd_parse_names(command, line, parsed)
    })
