internal import CHTTPD
internal import Glibc
internal import WSGIConfig
internal import WSGICore
internal import WSGIWire

/// Checks of a request before an application is called.
enum RequestChecks {
    /// The script must exist. Unless it was mapped by an alias, its directory must allow scripts (`Options ExecCGI`).
    static func script(_ r: Request, isAliased: Bool) throws(Rejection) {
        let script = { unsafe string(r.pointee.filename) }
        if !isAliased, unsafe !chttpd_options_exec(r) {
            throw Rejection(
                HTTP_FORBIDDEN, .execDenied,
                "Options ExecCGI is off in the directory of '\(script())': add 'Options +ExecCGI' to its <Directory>.")
        }
        if unsafe !chttpd_script_has_file(r) {
            throw Rejection(
                HTTP_NOT_FOUND, .scriptMissing,
                "The WSGI script '\(script())' does not exist, or httpd's user may not enter its directory.")
        }
        if unsafe chttpd_script_is_directory(r) {
            throw Rejection(
                HTTP_FORBIDDEN, .scriptIsDirectory,
                "'\(script())' is a directory, not a WSGI script: name the script's file in WSGIScriptAlias.")
        }
    }

    /// `AcceptPathInfo Off`: nothing may follow the script's name.
    static func pathInfo(_ r: Request) throws(Rejection) {
        guard unsafe chttpd_used_path_info(r) == AP_REQ_REJECT_PATH_INFO, let info = unsafe r.pointee.path_info,
            unsafe info[0] != 0
        else { return }
        throw Rejection(
            HTTP_NOT_FOUND, .pathInfoRejected,
            "AcceptPathInfo is off, and the URL continues after '\(unsafe string(r.pointee.filename))'.")
    }

    /// Checks the headers that describe the request's body, and stores their values in `facts`.
    static func body(_ r: Request, _ facts: inout RequestFacts) throws(Rejection) {
        if let encoding = unsafe apr_table_get(r.pointee.headers_in, "Transfer-Encoding") {
            guard unsafe strcasecmp(encoding, "chunked") == 0 else {
                throw Rejection(
                    HTTP_NOT_IMPLEMENTED, .transferEncodingRejected,
                    "Unknown Transfer-Encoding '\(unsafe string(encoding))'.")
            }
            guard facts.effective.settings.chunkedRequest else {
                throw Rejection(
                    HTTP_LENGTH_REQUIRED, .transferEncodingRejected,
                    "Rejected with 411: the request body has no length (Transfer-Encoding: chunked). To accept such bodies, "
                        + "set WSGIChunkedRequest On.")
            }
            facts.flags.insert(.bodyFollows)
            return
        }
        guard let length = unsafe apr_table_get(r.pointee.headers_in, "Content-Length") else { return }
        guard let number = unsafe decimal(length) else {
            throw Rejection(
                HTTP_BAD_REQUEST, .contentLengthInvalid, "Invalid Content-Length '\(unsafe string(length))'.")
        }
        let limit = unsafe chttpd_body_limit(r)
        guard limit == 0 || number <= limit else {
            throw Rejection(
                HTTP_REQUEST_ENTITY_TOO_LARGE, .bodyTooLarge,
                "The request body of \(number) bytes is larger than LimitRequestBody \(limit).")
        }
        facts.contentLength = number
        if number > 0 { facts.flags.insert(.bodyFollows) }
    }

    /// `WSGIRestrictProcess`.
    static func processGroup(_ facts: borrowing RequestFacts) throws(Rejection) {
        guard let restriction = facts.effective.settings.restrictProcess,
            unsafe !restriction.allows(facts.processGroup)
        else { return }
        let name = unsafe String(decoding: facts.processGroup, as: UTF8.self)  // cold: text of a record
        let allowed = restriction.groups.map { $0.isEmpty ? "%{GLOBAL}" : $0.string }.joined(separator: ", ")
        throw Rejection(
            HTTP_INTERNAL_SERVER_ERROR, .processGroupNotAllowed,
            "WSGIRestrictProcess does not allow \(name.isEmpty ? "embedded mode (%{GLOBAL})" : "process group '\(name)'") "
                + "here; it allows: \(allowed.isEmpty ? "none" : allowed).")
    }

    /// The value of a text that consists of decimal digits only. `nil` for other texts and for numbers that are too
    /// large.
    private static func decimal(_ text: CText) -> Int64? {
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
}
