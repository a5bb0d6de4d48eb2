internal import CHTTPD
internal import Glibc

/// httpd's request. Valid while its hook or handler runs, on that thread only.
typealias Request = UnsafeMutablePointer<request_rec>
/// httpd's server: the main server or a virtual host.
typealias Server = UnsafeMutablePointer<server_rec>
/// An APR pool. Never shared between threads.
typealias Pool = OpaquePointer
/// httpd's text: NUL-terminated bytes in no particular encoding.
typealias CText = UnsafePointer<CChar>

/// The bytes of a NUL-terminated text, without the NUL. Empty for `nil`.
@inline(__always)
func bytes(of text: CText?) -> UnsafeRawBufferPointer {
    guard let text = unsafe text else { return unsafe UnsafeRawBufferPointer(start: nil, count: 0) }
    return unsafe UnsafeRawBufferPointer(start: text, count: strlen(text))
}

/// The bytes of a literal.
@inline(__always)
func bytes(of text: StaticString) -> UnsafeRawBufferPointer {
    unsafe UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount)
}

/// httpd's text as a String, for configuration and messages. Invalid UTF-8 is replaced.
func string(_ text: CText?) -> String {
    guard let text = unsafe text else { return "" }
    return unsafe String(cString: text)
}

/// A copy of `text` in `pool`.
func copy(_ text: String, into pool: Pool) -> UnsafeMutablePointer<CChar>? {
    unsafe apr_pstrdup(pool, text)
}

/// The text of a literal.
func literal(_ text: StaticString) -> CText {
    unsafe UnsafeRawPointer(text.utf8Start).assumingMemoryBound(to: CChar.self)
}
