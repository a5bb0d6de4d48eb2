internal import ProcessKit
internal import WSGIAdapter
internal import WSGICore

/// Log texts about requests that do not end: the requests, their running times and their Python stacks.
struct StuckRequests {
    private let worker: Worker

    /// Log texts for the requests of this worker.
    init(_ worker: Worker) { self.worker = worker }

    /// The request that runs on a thread, as log lines name it.
    func name(thread: Int) -> String {
        worker.board.running.first { $0.thread == thread }?.text() ?? "A request that has just ended"
    }

    /// All requests under way with the stacks of their threads, to be appended to a message; empty if there are none.
    func all() -> String {
        let requests = worker.board.running
        guard !requests.isEmpty else { return "" }
        let worker = worker
        let stacks = worker.errands.ask(milliseconds: 1_000) {
            requests.map { worker.thread($0.thread)?.stack() }
        }
        var text = requests.enumerated().map { index, request in
            let stack = stacks.flatMap { $0[index] }.map { "\n" + $0 } ?? ""
            return "\n\(request.text())\(stack)"
        }.joined()
        if stacks == nil { text += dumped(from: requests[0].thread) }
        return text
    }

    /// The Python stack of one thread, to be appended to a message.
    func stack(thread: Int) -> String {
        guard let known = worker.thread(thread) else { return "" }
        switch worker.errands.ask(milliseconds: 1_000, { known.stack() }) {
        case .some(.some(let stack)): return "\n" + stack
        case .some(.none): return ""
        case .none: return dumped(from: thread)
        }
    }

    /// The output of faulthandler for the threads of an interpreter whose GIL cannot be acquired; `thread` is one of
    /// them.
    private func dumped(from thread: Int) -> String {
        guard let known = worker.thread(thread) else { return "" }
        let text = Self.dump(of: known.ident)
        return text.isEmpty ? "" : "\n" + text
    }

    /// The same for the thread with this id; empty if faulthandler has written nothing.
    static func dump(of ident: UInt) -> String {
        dumping.withLock { _ in dumpAlone(of: ident) }
    }

    private static let dumping = Locked(())

    private static func dumpAlone(of ident: UInt) -> String {
        CrashText.clear(Worker.Descriptors.crashText)
        CurrentProcess.signal(thread: ident, Worker.stackSignal)
        var text = ""
        // The text has no end marker. It is complete when nothing more has arrived for a while.
        var quiet = 0
        for _ in 0..<50 where quiet < 5 {
            Clock.sleep(milliseconds: 10)
            let now = CrashText.contents(of: Worker.Descriptors.crashText)
            quiet = !now.isEmpty && now == text ? quiet + 1 : 0
            text = now
        }
        CrashText.clear(Worker.Descriptors.crashText)
        return text.isEmpty ? "" : "The GIL cannot be acquired. Output of faulthandler:\n" + String(text.dropLast())
    }
}
