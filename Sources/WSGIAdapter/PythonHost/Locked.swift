internal import CSystem

/// A value that only one thread at a time may use.
///
/// Not the standard library's `Mutex`, which is handed over to waiters within the kernel, where no sanitizer sees it,
/// and which identifies threads by ids that are stale after a fork.
@safe public final class Locked<Value>: @unchecked Sendable {
    private let lock: UnsafeMutablePointer<wsgi_lock>
    private let value: UnsafeMutablePointer<Value>

    /// Creates it with its initial value.
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

    /// Calls `body` with the value. Any thread. Must not be nested, or called with the GIL if another `body` waits for
    /// the GIL.
    public func withLock<Result>(_ body: (inout Value) -> Result) -> Result {
        unsafe wsgi_lock_acquire(lock)
        defer { unsafe wsgi_lock_release(lock) }
        return unsafe body(&value.pointee)
    }
}
