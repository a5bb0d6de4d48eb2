internal import CPython
internal import Synchronization

/// Threads that wait for the GIL of an interpreter to read the stack of another thread. Their thread states must not be
/// deleted with the interpreter.
enum StackReaders {
    private static let count = Atomic<Int>(0)

    /// Whether there are none.
    static var areGone: Bool { count.load(ordering: .sequentiallyConsistent) == 0 }

    /// Runs `body` on such a thread.
    static func run<Result>(_ body: () -> Result) -> Result {
        count.add(1, ordering: .sequentiallyConsistent)
        defer { count.subtract(1, ordering: .sequentiallyConsistent) }
        return body()
    }

    /// Waits until there are none, for at most a second. Without the GIL.
    static func wait() {
        for _ in 0..<100 where !areGone { wsgi_pause() }
    }
}
