internal import CSystem
internal import Glibc

/// What `/proc` says about a process at one moment. Number and time of start together belong to no other process.
public struct ProcessFacts: Equatable, Sendable {
    /// Its id.
    public let id: Int32
    /// Its parent.
    public let parent: Int32
    /// The leader of its session.
    public let session: Int32
    /// Its real user, if it is a child of this process; otherwise that is not asked.
    public let user: UInt32?
    /// When it was started, in ticks since the machine was.
    public let started: UInt64
    /// Whether it has ended and waits to be reaped.
    public let hasEnded: Bool

    /// Looks at a process, but not at its user; `nil` when there is none of this number.
    public init?(_ id: Int32) {
        var facts = wsgi_process_facts()
        guard unsafe wsgi_read_process(id, &facts) else { return nil }
        self.init(facts)
    }

    private init(_ facts: wsgi_process_facts) {
        id = facts.process
        parent = facts.parent
        session = facts.session
        user = facts.user == .max ? nil : facts.user
        started = facts.started
        hasEnded = facts.has_ended
    }

    /// Looks at all processes.
    public static func all() -> [ProcessFacts] {
        var capacity = 4_096
        while true {
            var found = [wsgi_process_facts](repeating: wsgi_process_facts(), count: capacity)
            let count = unsafe found.withUnsafeMutableBufferPointer { list in
                unsafe list.baseAddress.map { unsafe wsgi_processes($0, list.count) } ?? 0
            }
            if count < capacity { return found.prefix(count).map(ProcessFacts.init) }
            capacity *= 4
        }
    }

    /// Whether the process runs on.
    public var isRunning: Bool {
        guard let now = ProcessFacts(id) else { return false }
        return now.started == started && !now.hasEnded
    }

    /// Asks the process to end; another one that has its number by now is left alone.
    public func terminate() { signal(SIGTERM) }

    /// Ends it at once.
    public func kill() { signal(SIGKILL) }

    private func signal(_ number: Int32) {
        // Whatever the handle stands for is looked at after it was made.
        guard let handle = try? ProcessHandle(id: id), isRunning else { return }
        handle.signal(number)
    }
}
