internal import CSystem
internal import Glibc

/// The state of a process in `/proc` at one moment. Its id and start time together identify it uniquely.
public struct ProcessFacts: Equatable, Sendable {
    /// Its id.
    public let id: Int32
    /// Its parent.
    public let parent: Int32
    /// The id of its session.
    public let session: Int32
    /// Its real user, if it is a child of this process. Otherwise that is not queried.
    public let user: UInt32?
    /// When it was started, in ticks since the machine was started.
    public let started: UInt64
    /// Whether it has ended and has not been reaped.
    public let hasEnded: Bool

    /// Reads the state of a process, without its user; `nil` if the process does not exist.
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

    /// Reads the state of all processes.
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

    /// Whether the process still runs.
    public var isRunning: Bool {
        guard let now = ProcessFacts(id) else { return false }
        return now.started == started && !now.hasEnded
    }

    /// Sends SIGTERM to the process, but never to another process that has reused its id.
    public func terminate() { signal(SIGTERM) }

    /// Sends SIGKILL in the same way.
    public func kill() { signal(SIGKILL) }

    private func signal(_ number: Int32) {
        // The process is checked after the handle exists, which then cannot refer to another one.
        guard let handle = try? ProcessHandle(id: id), isRunning else { return }
        handle.signal(number)
    }
}
