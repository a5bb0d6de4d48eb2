/// Iterates over the environ entries of a request head. Inlined, because they are read more than once for each request.
@safe public struct EntryCursor {
    @usableFromInline
    var next: UnsafeRawPointer
    @usableFromInline
    let end: UnsafeRawPointer

    /// A cursor before the first entry; `nil`: there is none.
    @inlinable @inline(__always)
    public init?(_ head: RequestHead) {
        guard let start = unsafe head.environ.baseAddress else { return nil }
        unsafe next = start
        unsafe end = unsafe start + head.environ.count
    }

    /// The next entry; `nil`: there is none, or it is not within the head.
    @inlinable @inline(__always)
    public mutating func entry() -> (key: UnsafeRawBufferPointer, value: UnsafeRawBufferPointer)? {
        guard unsafe end - next >= 8 else { return nil }
        let keyLength = unsafe Int(next.loadUnaligned(as: UInt32.self))
        let valueLength = unsafe Int(next.loadUnaligned(fromByteOffset: 4, as: UInt32.self))
        let key = unsafe next + 8
        guard unsafe end - key >= keyLength &+ valueLength else { return nil }
        unsafe next = unsafe key + (keyLength &+ valueLength)
        return unsafe (
            UnsafeRawBufferPointer(start: key, count: keyLength),
            UnsafeRawBufferPointer(start: key + keyLength, count: valueLength)
        )
    }
}
