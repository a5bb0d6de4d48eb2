/// Decides whether a request may wait for a thread of its process group. Pure: the scoreboard supplies the facts.
///
/// A request waits unless it could not be served in time. How long it would wait follows from the length of the queue and
/// from the rate at which threads became free since somebody waits. A burst on an idle group has no such rate yet, and is
/// never refused.
///
/// A queue is *overload* when clients leave it, one in twenty and one after the other (a crowd that leaves together says
/// nothing about those who come next), or when the wait has been a third of what is in time for five seconds. Then only so
/// many requests wait as keep the threads busy, and everybody else is refused at once: until the queue is empty, or nothing
/// has spoken for overload for ten seconds.
public struct QueueAdmission: Equatable, Sendable {
    /// What the configuration says.
    public struct Rules: Equatable, Sendable {
        /// Request threads of the group.
        public var threads: Int
        /// `listen-backlog`: shorter queues are never refused, unless the group is overloaded.
        public var backlog: Int
        /// In which time a request must get a thread, in milliseconds.
        public var patience: Int
        /// Threads of httpd that requests of one overloaded group may hold while they wait.
        public var share: Int
        /// Threads of httpd that requests of one group may hold while they wait and could not be served in time.
        public var most: Int

        /// Rules for one group.
        public init(threads: Int, backlog: Int, patience: Int, share: Int, most: Int) {
            self.threads = threads
            self.backlog = backlog
            self.patience = patience
            self.share = share
            self.most = most
        }

        /// Rules for a group in an httpd with so many threads: a third of those that are left when all threads of the group
        /// are busy for one that is overloaded, and all but a tenth for one that does not move.
        public init(threads: Int, backlog: Int, patience: Int, httpdThreads: Int) {
            let others = max(httpdThreads &- threads, 0)
            self.init(
                threads: threads, backlog: backlog, patience: patience, share: others / 3,
                most: max(others &- httpdThreads / 10, 1))
        }
    }

    /// What is known of the queue. Times are milliseconds.
    public struct Facts: Equatable, Sendable {
        /// Requests that wait.
        public var length = 0
        /// The time since nobody waited.
        public var age = 0
        /// Threads that became free within `period`, which is about the last ten seconds at most.
        public var served = 0
        /// The time in which they did.
        public var period = 0
        /// Requests whose clients left in that time.
        public var left = 0
        /// Tenths of a second in which they did.
        public var leaving = 0
        /// For how long the wait has been slow; 0: it is not.
        public var slowFor = 0
        /// Whether it was overload so far.
        public var isOverload = false

        /// Nobody waits.
        public init() {}
    }

    /// How long the next request would wait, in milliseconds; `nil`: that cannot be known yet.
    public let wait: Int?
    /// Whether that is long enough to be noted as slow.
    public let isSlow: Bool
    /// Whether something speaks for overload now.
    public let isNewOverload: Bool
    /// Whether the group is overloaded.
    public let isOverload: Bool
    /// Whether the request is refused.
    public let isRefused: Bool

    /// A queue must be this old before clients that leave it make it overload, in milliseconds.
    public static let shortest = 1_000
    /// In so many tenths of a second, at least, clients must have left it.
    public static let leastLeaving = 8
    /// It must be slow for so long, in milliseconds.
    public static let slowTime = 5_000

    /// Decides for the next request.
    public init(_ facts: Facts, _ rules: Rules) {
        let wait = Self.wait(facts, rules)
        let isSlow = (wait ?? 0) > rules.patience / 3
        let isLeft =
            facts.age >= Self.shortest && facts.leaving >= Self.leastLeaving
            && facts.left * 20 >= facts.left + facts.served
        self.wait = wait
        self.isSlow = isSlow
        isNewOverload = isLeft || (isSlow && facts.slowFor >= Self.slowTime)
        isOverload = isNewOverload || facts.isOverload
        if Self.mustLeave(behind: facts.length, facts, rules) {
            isRefused = true
        } else if isOverload {
            isRefused = facts.length >= Self.overloadLimit(facts, rules)
        } else {
            isRefused = facts.length >= rules.backlog && (wait ?? 0) > rules.patience
        }
    }

    /// Whether a request with so many before it must give its thread of httpd back: the queue has hardly moved since requests in it are
    /// late, and holds so many threads that the rest of httpd could not go on.
    public static func mustLeave(behind ahead: Int, _ facts: Facts, _ rules: Rules) -> Bool {
        guard ahead >= rules.most, facts.age >= rules.patience, facts.period >= slowTime else { return false }
        let (product, overflow) = (ahead &+ 1).multipliedReportingOverflow(by: facts.period)
        return overflow || product / max(facts.served, 1) > rules.patience
    }

    /// The rate counts when every thread has become free once, or nobody could be served in time at all.
    private static func wait(_ facts: Facts, _ rules: Rules) -> Int? {
        guard facts.period >= shortest else { return nil }
        guard facts.served >= max(rules.threads, 1) || facts.period > rules.patience else { return nil }
        let (product, overflow) = (facts.length &+ 1).multipliedReportingOverflow(by: facts.period)
        return overflow ? .max : product / max(facts.served, 1)
    }

    /// As many as are served in a second, so that threads stay busy although clients leave; within `listen-backlog`, and
    /// within the share of httpd's threads.
    private static func overloadLimit(_ facts: Facts, _ rules: Rules) -> Int {
        let second = facts.served * 1_000 / max(facts.period, 1)
        return min(rules.backlog, max(rules.threads, second, 1), max(rules.share, 1))
    }
}
