internal import CHTTPD
internal import Glibc
internal import WSGIConfig

/// The request's values for the expressions that name a group.
@safe struct ExpansionFacts: ExpansionSource {
    private let r: Request

    init(_ r: Request) { unsafe self.r = r }

    var serverName: UnsafeRawBufferPointer { unsafe bytes(of: r.pointee.server?.pointee.server_hostname) }
    var hostName: UnsafeRawBufferPointer { unsafe bytes(of: r.pointee.hostname) }
    var port: UInt16 { unsafe ap_get_server_port(r) }
    var scriptName: UnsafeRawBufferPointer { unsafe scriptNameAndPathInfo(of: r).0 }
    var ignoresCase: Bool { Settled.ignoresCase }

    func variable(_ name: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer? {
        guard let start = name.baseAddress,
            let key = unsafe apr_pstrmemdup(
                r.pointee.pool, start.assumingMemoryBound(to: CChar.self), apr_size_t(name.count)),
            let value = unsafe apr_table_get(r.pointee.notes, key) ?? apr_table_get(r.pointee.subprocess_env, key)
                ?? getenv(key).map({ unsafe UnsafePointer($0) })
        else { return nil }
        return unsafe bytes(of: value)
    }
}
