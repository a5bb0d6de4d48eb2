internal import CHTTPD
internal import Glibc
internal import WSGIConfig
internal import WSGICore
internal import WSGIWire

/// What can be wrong with a request before anything is asked of an application: each returns a status, or nothing.
enum Refusals {
    /// The script must be there, and its directory must allow scripts to run, unless an alias has said that it is one.
    static func script(_ r: Request, isAliased: Bool) -> Int32? {
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
        return nil
    }

    /// `AcceptPathInfo Off`: nothing may follow the script's name.
    static func pathInfo(_ r: Request) -> Int32? {
        guard unsafe chttpd_used_path_info(r) == AP_REQ_REJECT_PATH_INFO, let info = unsafe r.pointee.path_info,
            unsafe info[0] != 0
        else { return nil }
        unsafe Log.request(
            r, .error, .pathInfoRefused,
            "AcceptPathInfo is off, and '\(string(r.pointee.filename))' was asked for with more behind its name.")
        return HTTP_NOT_FOUND
    }

    /// The request's body, as its headers describe it, goes to `facts`.
    static func body(_ r: Request, _ facts: inout RequestFacts) -> Int32? {
        if let encoding = unsafe apr_table_get(r.pointee.headers_in, "Transfer-Encoding") {
            guard unsafe strcasecmp(encoding, "chunked") == 0 else {
                unsafe Log.request(
                    r, .error, .transferEncodingRefused, unsafe "Unknown Transfer-Encoding '\(string(encoding))'.")
                return HTTP_NOT_IMPLEMENTED
            }
            guard facts.effective.settings.chunkedRequest else {
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

    /// `WSGIRestrictProcess`.
    static func processGroup(_ r: Request, _ facts: borrowing RequestFacts) -> Int32? {
        guard let restriction = facts.effective.settings.restrictProcess,
            unsafe !restriction.allows(facts.processGroup)
        else { return nil }
        let name = unsafe String(decoding: facts.processGroup, as: UTF8.self)
        let allowed = restriction.groups.map { $0.isEmpty ? "%{GLOBAL}" : $0.string }.joined(separator: ", ")
        unsafe Log.request(
            r, .error, .processGroupRefused,
            "WSGIRestrictProcess does not allow \(name.isEmpty ? "embedded mode (%{GLOBAL})" : "process group '\(name)'") "
                + "here; it allows: \(allowed.isEmpty ? "none" : allowed).")
        return HTTP_INTERNAL_SERVER_ERROR
    }

    /// The number that a text is, if it is nothing but decimal digits and fits.
    private static func decimal(_ text: Text) -> Int64? {
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
