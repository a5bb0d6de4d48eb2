internal import CHTTPD

/// A list of module names, in the form with which httpd's hooks declare their order.
///
/// - Parameter pool: The pool of the configuration. httpd keeps the list until it sorts the hooks.
func moduleNames(_ names: StaticString..., in pool: Pool?) -> UnsafePointer<UnsafePointer<CChar>?>? {
    let size = unsafe (names.count + 1) * MemoryLayout<UnsafePointer<CChar>?>.stride
    guard let pool = unsafe pool, let room = unsafe apr_palloc(pool, apr_size_t(size)) else { return nil }
    let list = unsafe room.bindMemory(to: UnsafePointer<CChar>?.self, capacity: names.count + 1)
    unsafe list.initialize(repeating: nil, count: names.count + 1)
    for (index, name) in names.enumerated() { unsafe list[index] = literal(name) }
    return unsafe UnsafePointer(list)
}
