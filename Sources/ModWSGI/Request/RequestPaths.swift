internal import CHTTPD
internal import Glibc

/// SCRIPT_NAME and PATH_INFO: the URI before and from the path info, with repeated slashes merged.
func scriptNameAndPathInfo(of r: Request) -> (UnsafeRawBufferPointer, UnsafeRawBufferPointer) {
    let info = unsafe r.pointee.path_info
    var nameLength = unsafe r.pointee.uri.map { unsafe strlen($0) } ?? 0
    if let info = unsafe info, unsafe info[0] != 0 {
        let included = unsafe r.pointee.protocol.map { unsafe strcmp($0, "INCLUDED") == 0 } ?? false
        if !included { nameLength = unsafe Int(ap_find_path_info(r.pointee.uri, info)) }
    }
    let name = unsafe UnsafeRawBufferPointer(start: r.pointee.uri, count: nameLength)
    return unsafe (withSingleSlashes(name, r.pointee.pool), withSingleSlashes(bytes(of: info), r.pointee.pool))
}

/// The path with repeated slashes merged. It is copied into `pool` only if it has any.
func withSingleSlashes(_ path: UnsafeRawBufferPointer, _ pool: Pool?) -> UnsafeRawBufferPointer {
    let slash = UInt8(ascii: "/")
    var index = 1
    while index < path.count, unsafe !(path[index] == slash && path[index &- 1] == slash) { index = index &+ 1 }
    guard index < path.count, let start = path.baseAddress,
        let copy = unsafe apr_pstrmemdup(pool, start.assumingMemoryBound(to: CChar.self), apr_size_t(path.count))
    else { return unsafe path }
    unsafe ap_no2slash(copy)
    return unsafe bytes(of: copy)
}

/// The part of `path` below `root`, `/` for the root itself; `nil`: it is not below. Every path is below an empty root.
func insidePath(_ path: UnsafeRawBufferPointer, _ root: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer? {
    guard unsafe !root.isEmpty else { return unsafe path }
    guard path.count >= root.count, let start = path.baseAddress, let prefix = root.baseAddress,
        unsafe memcmp(start, prefix, root.count) == 0
    else { return nil }
    if path.count == root.count {
        return unsafe bytes(of: "/" as StaticString)
    }
    guard unsafe path[root.count] == UInt8(ascii: "/") else { return nil }
    return unsafe UnsafeRawBufferPointer(rebasing: path[root.count...])
}
