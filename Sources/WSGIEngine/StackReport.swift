internal import ProcessKit
internal import Synchronization
internal import WSGIAdapter
internal import WSGICore
internal import WSGIWire

/// The Python stack of a running request, for the supervisor. A thread of its own collects it, so that neither requests
/// nor the main thread wait.
enum StackReport {
    /// What the thread works on.
    private final class Job {
        let worker: Worker
        let thread: Int
        let id: String

        init(_ worker: Worker, _ thread: Int, _ id: String) {
            (self.worker, self.thread, self.id) = (worker, thread, id)
        }
    }

    /// Whether a thread is at work. Further questions are ignored meanwhile.
    private static let isBusy = Atomic<Bool>(false)

    /// Begins to collect the stack of the request with this id, which ran on this thread.
    static func begin(_ worker: Worker, thread: Int, id: String) {
        guard !isBusy.exchange(true, ordering: .sequentiallyConsistent) else { return }
        let context = unsafe Unmanaged.passRetained(Job(worker, thread, id)).toOpaque()
        do {
            unsafe try CurrentProcess.startThread(stackSize: 0, name: "wsgi-stack", context: context) { context in
                guard let context = unsafe context else { return }
                let job = unsafe Unmanaged<Job>.fromOpaque(context).takeRetainedValue()
                StackReport.collect(job)
                StackReport.isBusy.store(false, ordering: .sequentiallyConsistent)
            }
        } catch {
            unsafe Unmanaged<Job>.fromOpaque(context).release()
            isBusy.store(false, ordering: .sequentiallyConsistent)
        }
    }

    private static func collect(_ job: Job) {
        let current = { job.worker.board.running.first { $0.thread == job.thread }?.id }
        var text = ""
        if current() == job.id {
            text = StuckRequests(job.worker).stack(thread: job.thread)
            // For example while its interpreter is being created.
            if text.isEmpty { text = "The request runs no Python code at this moment." }
            // If another request has begun meanwhile, the stack may be that of its thread.
            if let now = current(), now != job.id { text = "" }
        }
        ControlMessage.send(stack: text, of: job.id, on: job.worker.reports)
    }
}
