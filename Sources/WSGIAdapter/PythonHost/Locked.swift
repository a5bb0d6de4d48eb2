internal import CSystem

/// A value that one thread at a time may use.
///
/// Not the standard library's `Mutex`, which hands itself over within the kernel where threads wait: no sanitizer sees that,
/// and it identifies threads by ids that are stale after a fork.
@safe public final class Locked<Value>: @unchecked Sendable {
    private let lock: UnsafeMutablePointer<wsgi_lock>
    private let value: UnsafeMutablePointer<Value>

    /// Takes the first value.
    public init(_ value: Value) {
        unsafe lock = UnsafeMutablePointer<wsgi_lock>.allocate(capacity: 1)
        unsafe lock.initialize(to: wsgi_lock(word: 0))
        unsafe self.value = UnsafeMutablePointer<Value>.allocate(capacity: 1)
        unsafe self.value.initialize(to: value)
    }

    deinit {
        unsafe value.deinitialize(count: 1)
        unsafe value.deallocate()
        unsafe lock.deallocate()
    }

    /// Lends the value. Any thread; not within itself, and never with the GIL where `body` waits for it.
    public func withLock<Result>(_ body: (inout Value) -> Result) -> Result {
        unsafe wsgi_lock_acquire(lock)
        defer { unsafe wsgi_lock_release(lock) }
        return unsafe body(&value.pointee)
    }
}
