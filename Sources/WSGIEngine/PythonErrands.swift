internal import Glibc
internal import ProcessKit
internal import WSGIAdapter

/// A thread that does what needs Python's lock for those who must not wait for it: when the lock cannot be had, only
/// this thread is stuck, and everybody can see since when.
final class PythonErrands: Sendable {
    private struct State {
        var errands: [@Sendable () -> Void] = []
        /// When the oldest of them was given, in milliseconds of the monotonic clock.
        var since: Int64 = 0
        var isStarted = false
    }

    private let state = Locked(State())
    private let wakeup = Semaphore()

    /// Since when the errands are not done, in milliseconds of the monotonic clock; 0: all are done.
    var pendingSince: Int64 { state.withLock { $0.since } }

    /// Gives an errand; any thread.
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

    /// Gives an errand with a result, and waits for it. `nil`: it was not done within this time.
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

    /// The place of one answer.
    private final class Answers<Answer: Sendable>: Sendable {
        private let answer = Locked<Answer?>(nil)

        func put(_ value: Answer) { answer.withLock { $0 = value } }

        func take() -> Answer? { answer.withLock { $0 } }
    }
}

/// A count that a thread waits for.
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
