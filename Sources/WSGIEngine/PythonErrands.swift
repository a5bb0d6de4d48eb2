internal import Glibc
internal import ProcessKit
internal import WSGIAdapter

/// Runs work that needs the GIL on its own thread, so that callers never block on it. If the GIL cannot be acquired,
/// only this thread is stuck, and other threads can see since when.
final class PythonErrands: Sendable {
    private struct State {
        var errands: [@Sendable () -> Void] = []
        /// The time when the oldest of them was added, in milliseconds of the monotonic clock.
        var since: Int64 = 0
        var isStarted = false
    }

    private let state = Locked(State())
    private let wakeup = Semaphore()

    /// The time since which work is pending, in milliseconds of the monotonic clock; 0: no work is pending.
    var pendingSince: Int64 { state.withLock { $0.since } }

    /// Adds work; any thread.
    func run(_ errand: @escaping @Sendable () -> Void) {
        let isStarted = state.withLock { state in
            state.errands.append(errand)
            if state.since == 0 { state.since = Clock.milliseconds() }
            defer { state.isStarted = true }
            return state.isStarted
        }
        if !isStarted { start() }
        wakeup.post()
    }

    /// Adds work with a result and waits for the result. `nil`: it was not done within this time.
    func ask<Answer: Sendable>(
        milliseconds: Int64, _ errand: @escaping @Sendable () -> Answer
    ) -> Answer? {
        let answer = Answers<Answer>()
        run { answer.put(errand()) }
        let end = Clock.milliseconds() + milliseconds
        while Clock.milliseconds() < end {
            if let found = answer.take() { return found }
            Clock.sleep(milliseconds: 2)
        }
        return answer.take()
    }

    private func start() {
        let context = unsafe Unmanaged.passRetained(self).toOpaque()
        unsafe try? CurrentProcess.startThread(stackSize: 0, name: "wsgi-errands", context: context) { context in
            guard let context = unsafe context else { return }
            unsafe Unmanaged<PythonErrands>.fromOpaque(context).takeRetainedValue().serve()
        }
    }

    private func serve() -> Never {
        while true {
            wakeup.wait()
            while let errand = state.withLock({ $0.errands.first }) {
                errand()
                state.withLock { state in
                    state.errands.removeFirst()
                    state.since = state.errands.isEmpty ? 0 : Clock.milliseconds()
                }
            }
        }
    }

    /// The storage of one result.
    private final class Answers<Answer: Sendable>: Sendable {
        private let answer = Locked<Answer?>(nil)

        func put(_ value: Answer) { answer.withLock { $0 = value } }

        func take() -> Answer? { answer.withLock { $0 } }
    }
}

/// A counting semaphore.
@safe private final class Semaphore: Sendable {
    private nonisolated(unsafe) let semaphore = UnsafeMutablePointer<sem_t>.allocate(capacity: 1)

    init() { unsafe sem_init(semaphore, 0, 0) }

    deinit {
        unsafe sem_destroy(semaphore)
        unsafe semaphore.deallocate()
    }

    func post() { unsafe sem_post(semaphore) }

    func wait() { while unsafe sem_wait(semaphore) != 0 {} }
}
