internal import CHTTPD

/// A response with status 200 and a Location that begins with `/`. httpd serves that resource instead, as for CGI
/// (RFC 3875, 6.2.2).
enum InternalRedirect {
    /// Makes httpd serve `location` as the response to `r`. Returns the handler's status.
    static func run(_ r: Request, to location: CText) -> Int32 {
        // The new handler sees a GET without a body. The rest of the body must be read from the connection while httpd
        // still knows its length.
        let status = unsafe ap_discard_request_body(r)
        guard status == OK else { return status }
        unsafe r.pointee.method = literal("GET")
        unsafe r.pointee.method_number = Int32(M_GET)
        unsafe apr_table_unset(r.pointee.headers_in, "Content-Length")
        unsafe apr_table_unset(r.pointee.headers_in, "Transfer-Encoding")
        unsafe ap_internal_redirect_handler(location, r)
        return OK
    }
}
