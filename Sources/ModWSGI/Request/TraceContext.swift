internal import CHTTPD
internal import WSGIWire

/// `WSGITraceContext On`: each request has a valid `traceparent`, and logs can show its trace id.
enum TraceContext {
    /// Keeps the request's trace context, or makes one if there is none or an invalid one. Sets the environment variable
    /// `mod_wsgi.trace_id`.
    static func prepare(_ r: Request) {
        let headers = unsafe r.pointee.headers_in
        if let header = unsafe apr_table_get(headers, literal("traceparent")),
            let known = unsafe TraceParent.traceID(of: bytes(of: header))
        {
            return unsafe setVariable(r, known)
        }
        guard let made = unsafe make(in: r.pointee.pool) else { return }
        unsafe apr_table_setn(headers, literal("traceparent"), made)
        // It belongs to a context that is not continued.
        unsafe apr_table_unset(headers, literal("tracestate"))
        if let known = unsafe TraceParent.traceID(of: bytes(of: made)) { unsafe setVariable(r, known) }
    }

    private static func make(in pool: Pool?) -> CText? {
        var random: (UInt64, UInt64, UInt64) = (0, 0, 0)
        let status = unsafe withUnsafeMutableBytes(of: &random) { bytes in
            unsafe apr_generate_random_bytes(bytes.baseAddress?.assumingMemoryBound(to: UInt8.self), bytes.count)
        }
        guard status == APR_SUCCESS, let pool = unsafe pool,
            let room = unsafe apr_palloc(pool, apr_size_t(TraceParent.length + 1))
        else { return nil }
        unsafe TraceParent.write(
            random, into: UnsafeMutableRawBufferPointer(start: room, count: TraceParent.length))
        unsafe room.storeBytes(of: 0, toByteOffset: TraceParent.length, as: UInt8.self)
        return unsafe UnsafePointer(room.assumingMemoryBound(to: CChar.self))
    }

    private static func setVariable(_ r: Request, _ traceID: UnsafeRawBufferPointer) {
        guard let start = unsafe traceID.baseAddress?.assumingMemoryBound(to: CChar.self) else { return }
        unsafe apr_table_setn(
            r.pointee.subprocess_env, literal("mod_wsgi.trace_id"),
            apr_pstrmemdup(r.pointee.pool, start, apr_size_t(traceID.count)))
    }
}
