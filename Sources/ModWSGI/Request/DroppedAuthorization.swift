internal import CHTTPD
internal import WSGIConfig
internal import WSGICore

/// Logs, once for each virtual host, that applications do not receive the credentials that clients send.
enum DroppedAuthorization {
    /// The maximum length of a scheme's name that is logged.
    private static let longestScheme = 32

    /// Called for a request whose Authorization header is not passed to the application.
    static func note(_ r: Request, _ facts: RequestFacts, _ value: CText) {
        // If httpd itself requires the credentials, they are not meant for the application.
        // Some configurations pass the header as their own variable: RewriteRule ... [E=HTTP_AUTHORIZATION:...].
        guard unsafe r.pointee.ap_auth_type == nil,
            unsafe apr_table_get(r.pointee.subprocess_env, "HTTP_AUTHORIZATION") == nil,
            !facts.server.authorizationNotice.wasSaid,
            unsafe !isMeant(r, facts),
            facts.server.authorizationNotice.isDue()
        else { return }
        let host = unsafe string(r.pointee.server?.pointee.server_hostname)
        unsafe Log.request(
            r, .notice, .authorizationDropped,
            "A client sent an Authorization header (\(scheme(of: value))) where httpd does not require one, and it "
                + "is not passed to the applications of '\(host)'. Nothing is wrong if httpd itself authenticates "
                + "another part of the site. If an application checks credentials itself, set WSGIPassAuthorization "
                + "On, or pass-authorization=On, which lets it see passwords. If none does, set it to Off. This "
                + "message is logged once.")
    }

    /// Whether the configuration states that the header is not passed to applications.
    private static func isMeant(_ r: Request, _ facts: RequestFacts) -> Bool {
        facts.effective.settings.isWritten("WSGIPassAuthorization")
            || (unsafe apr_table_get(r.pointee.notes, "mod_wsgi.pass_authorization") != nil)
    }

    /// The name of the scheme (RFC 9110, 11.1). The rest of the value is a secret.
    private static func scheme(of value: CText) -> String {  // cold: once for a server
        var length = 0
        while length <= longestScheme, unsafe isToken(UInt8(bitPattern: value[length])) { length += 1 }
        guard length > 0, length <= longestScheme, unsafe value[length] == 0x20 else { return "of an unknown scheme" }
        // cold: once for a server
        return unsafe "scheme " + String(decoding: UnsafeRawBufferPointer(start: value, count: length), as: UTF8.self)
    }

    private static func isToken(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"):
            true
        default: false
        }
    }
}
