internal import CHTTPD
internal import WSGIConfig

/// The file of a handler script, for one request: its path in the request's memory.
@safe struct HandlerFile {
    private let r: Request
    private let text: CText?

    init(_ script: HandlerScript, _ r: Request) {
        unsafe self.r = r
        unsafe text = script.path.withBytes { path in
            guard let start = path.baseAddress else { return nil }
            return unsafe apr_pstrmemdup(
                r.pointee.pool, start.assumingMemoryBound(to: CChar.self), apr_size_t(path.count)
            ).map { unsafe UnsafePointer($0) }
        }
    }

    /// The path.
    var path: UnsafeRawBufferPointer { unsafe bytes(of: text) }

    /// The modification time of the file, in microseconds since 1970, or 0 if it is unknown. httpd provides it for the
    /// requested file only.
    func modified() -> Int64 {
        var info = unsafe apr_finfo_t()
        guard unsafe apr_stat(&info, text, apr_int32_t(APR_FINFO_MTIME), r.pointee.pool) == APR_SUCCESS else {
            return 0
        }
        return unsafe info.mtime
    }
}
