internal import CHTTPD
internal import WSGIConfig

/// A script alias as requests use it, with its texts in httpd's memory and its regular expression compiled.
///
/// Made after the configuration has been read, and lives as long.
@safe final class MappedAlias {
    /// The alias as it was configured.
    let alias: ScriptAlias
    private let pattern: UnsafeMutablePointer<ap_regex_t>?
    private let target: UnsafeMutablePointer<CChar>?
    /// The options that were given, as notes for a request: key and value.
    private let notes: [(key: CText, value: CText)]

    init(_ alias: ScriptAlias, _ pool: Pool) {
        self.alias = alias
        unsafe target = copy(alias.target.string, into: pool)
        unsafe pattern = alias.isPattern ? Self.compile(alias, pool) : nil
        let flag: CText? = unsafe alias.passAuthorization.map { unsafe literal($0 ? "1" : "0") }
        let options: [(CText, CText?)] = unsafe [
            (literal("mod_wsgi.process_group"), Self.text(alias.processGroup?.text, pool)),
            (literal("mod_wsgi.application_group"), Self.text(alias.applicationGroup?.text, pool)),
            (literal("mod_wsgi.callable_object"), Self.text(alias.callableObject, pool)),
            (literal("mod_wsgi.pass_authorization"), flag),
        ]
        unsafe notes = unsafe options.compactMap { key, value in unsafe value.map { unsafe (key, $0) } }
    }

    /// The compiled regular expression of an alias. `nil` if it is invalid.
    static func compile(_ alias: ScriptAlias, _ pool: Pool) -> UnsafeMutablePointer<ap_regex_t>? {
        unsafe ap_pregcomp(pool, alias.urlPath.string, AP_REG_EXTENDED)
    }

    private static func text(_ text: ConfigText?, _ pool: Pool) -> CText? {
        unsafe text.flatMap { unsafe copy($0.string, into: pool) }.map { unsafe UnsafePointer($0) }
    }

    /// Whether the alias covers a URI.
    func covers(_ uri: UnsafeMutablePointer<CChar>) -> Bool {
        guard let pattern = unsafe pattern else { return unsafe alias.match(bytes(of: uri)) != nil }
        return unsafe ap_regexec(pattern, uri, 0, nil, 0) == 0
    }

    /// The file to which the alias maps a URI, in the request's memory. `nil` if the alias does not cover the URI.
    func map(_ uri: UnsafeMutablePointer<CChar>, _ pool: Pool) -> UnsafeMutablePointer<CChar>? {
        guard let target = unsafe target else { return nil }
        guard let pattern = unsafe pattern else {
            guard let rest = unsafe alias.match(bytes(of: uri)) else { return nil }
            return unsafe chttpd_join(pool, target, uri + rest)
        }
        return unsafe withUnsafeTemporaryAllocation(of: ap_regmatch_t.self, capacity: Int(AP_MAX_REG_MATCH)) { groups in
            guard unsafe ap_regexec(pattern, uri, apr_size_t(AP_MAX_REG_MATCH), groups.baseAddress, 0) == 0,
                let start = unsafe ap_pregsub(pool, target, uri, apr_size_t(AP_MAX_REG_MATCH), groups.baseAddress)
            else { return nil }
            return unsafe chttpd_join(pool, start, uri + Int(groups[0].rm_eo))
        }
    }

    /// Adds the options that were given to the request's notes, where `%{ENV:}` finds them.
    func note(in r: Request) {
        for index in unsafe notes.indices {
            unsafe apr_table_setn(r.pointee.notes, notes[index].key, notes[index].value)
        }
    }
}
