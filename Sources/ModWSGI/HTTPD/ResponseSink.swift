internal import CHTTPD
internal import CSystem
internal import WSGIWire

/// Where a response goes: status and headers into the request, the body through httpd's output filters.
///
/// Used on the request's thread only. Data is passed on without a copy, and must stay in place until the call returns.
@safe struct ResponseSink: ~Copyable {
    private let request: Request
    private let brigade: UnsafeMutablePointer<apr_bucket_brigade>
    /// Whether anything has gone to the filters: from then on the status can no longer change.
    private(set) var isCommitted = false
    /// Whether status and headers have been set.
    private(set) var hasHead = false

    /// A sink nothing has been written to.
    init(of request: Request) {
        unsafe self.request = request
        unsafe brigade = chttpd_brigade(request)
    }

    /// Sets status and headers. They leave for the client with the first data, or at the end.
    mutating func sendHead(_ encoded: UnsafeRawBufferPointer) throws(WireError) {
        var head = try unsafe ResponseHead(encoded)
        let pool = unsafe request.pointee.pool
        unsafe request.pointee.status = Int32(truncatingIfNeeded: head.status)
        unsafe request.pointee.status_line = UnsafePointer(string(head.statusLine, pool))
        for _ in 0..<head.headerCount {
            let (name, value) = try unsafe head.nextHeader()
            unsafe setHeader(name, value, pool)
        }
        if head.contentLength >= 0 { unsafe ap_set_content_length(request, apr_off_t(head.contentLength)) }
        // PEP 3333 has no use for an interim response once the answer has begun.
        unsafe chttpd_answer_instead_of_100(request)
        hasHead = true
    }

    /// Sends an interim response (RFC 8297). A client of HTTP/1.0, which knows of none, is spared it.
    ///
    /// - Returns: false when the client has gone.
    mutating func sendHints(_ encoded: UnsafeRawBufferPointer) throws(WireError) -> Bool {
        var head = try unsafe ResponseHead(encoded)
        guard !hasHead, unsafe request.pointee.proto_num >= 1001 else { return true }
        let pool = unsafe request.pointee.pool
        let (status, line, headers) = unsafe (
            request.pointee.status, request.pointee.status_line, request.pointee.headers_out
        )
        // ap_send_interim_response takes everything from the request, and leaves it there.
        unsafe request.pointee.headers_out = apr_table_make(pool, 4)
        unsafe request.pointee.status = Int32(truncatingIfNeeded: head.status)
        unsafe request.pointee.status_line = UnsafePointer(string(head.statusLine, pool))
        defer {
            unsafe request.pointee.status = status
            unsafe request.pointee.status_line = unsafe line
            unsafe request.pointee.headers_out = unsafe headers
        }
        for _ in 0..<head.headerCount {
            let (name, value) = try unsafe head.nextHeader()
            unsafe apr_table_addn(request.pointee.headers_out, string(name, pool), string(value, pool))
        }
        unsafe ap_send_interim_response(request, 1)
        return unsafe !chttpd_aborted(request.pointee.connection)
    }

    /// Keeps a block of the body for the next call, which must come before its memory is used for anything else.
    mutating func append(_ data: UnsafeRawBufferPointer) {
        if let start = data.baseAddress, data.count > 0 { unsafe chttpd_append_transient(brigade, start, data.count) }
    }

    /// Passes a block of the body on. `flush`: it must leave for the client now.
    ///
    /// - Returns: false when the client has gone.
    mutating func sendData(_ data: UnsafeRawBufferPointer, flush: Bool) -> Bool {
        unsafe append(data)
        if flush { unsafe chttpd_append_flush(brigade) }
        return pass()
    }

    /// Sends a part of a regular file; the descriptor becomes httpd's and is closed with the request.
    mutating func sendFile(_ descriptor: Int32, offset: Int64, length: Int64, sendfile: Bool) -> Bool {
        let status = unsafe chttpd_append_file(
            brigade, descriptor, apr_off_t(offset), apr_off_t(length), sendfile, request.pointee.pool)
        guard status == APR_SUCCESS else {
            closeDescriptor(descriptor)
            return false
        }
        unsafe chttpd_append_flush(brigade)
        return pass()
    }

    /// Ends the response, with a last block where there is one.
    mutating func finish(_ data: UnsafeRawBufferPointer = unsafe UnsafeRawBufferPointer(start: nil, count: 0)) -> Bool {
        unsafe append(data)
        unsafe chttpd_append_eos(brigade)
        return pass()
    }

    /// Breaks the response off so that the client can tell: no last chunk in HTTP/1.1, RST_STREAM in HTTP/2.
    mutating func cut() {
        unsafe chttpd_close_after(request.pointee.connection)
        unsafe chttpd_append_cut(brigade, request)
        unsafe chttpd_append_eos(brigade)
        _ = pass()
    }

    private mutating func pass() -> Bool {
        isCommitted = true
        let status = unsafe ap_pass_brigade(request.pointee.output_filters, brigade)
        unsafe apr_brigade_cleanup(brigade)
        return unsafe status == APR_SUCCESS && !chttpd_aborted(request.pointee.connection)
    }

    private func setHeader(_ name: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer, _ pool: Pool?) {
        let text = unsafe string(value, pool)
        if unsafe equals(name, "Content-Type") {
            unsafe ap_set_content_type(request, text)
        } else if unsafe equals(name, "Content-Length") {
            // `ap_set_content_length` writes it, from the number in the head.
        } else if unsafe equals(name, "WWW-Authenticate") {
            unsafe apr_table_addn(request.pointee.err_headers_out, string(name, pool), text)
        } else {
            unsafe apr_table_addn(request.pointee.headers_out, string(name, pool), text)
        }
    }

    private func string(_ bytes: UnsafeRawBufferPointer, _ pool: Pool?) -> UnsafeMutablePointer<CChar>? {
        unsafe apr_pstrmemdup(
            pool, bytes.baseAddress?.assumingMemoryBound(to: CChar.self) ?? emptyText, apr_size_t(bytes.count))
    }

    private func equals(_ name: UnsafeRawBufferPointer, _ literal: StaticString) -> Bool {
        guard name.count == literal.utf8CodeUnitCount, let start = name.baseAddress else { return false }
        return unsafe strncasecmp(
            start.assumingMemoryBound(to: CChar.self),
            UnsafeRawPointer(literal.utf8Start).assumingMemoryBound(to: CChar.self), name.count) == 0
    }
}

/// A text of no bytes.
var emptyText: Text { unsafe literal("") }
