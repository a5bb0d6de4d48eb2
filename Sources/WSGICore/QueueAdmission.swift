/// Decides whether a request may wait for a thread of its process group. Pure: the scoreboard supplies the facts.
///
/// A request waits unless it cannot be served in time. The expected wait is computed from the length of the queue and
/// the rate at which threads have become free since the queue formed. A burst on an idle group has no such rate yet,
/// and is never rejected.
///
/// A group is *overloaded* if clients leave the queue, one in twenty and spread over time (clients that all leave at
/// once predict nothing about later ones), or if the wait has been longer than a third of the patience for five
/// seconds. Then only as many requests wait as keep the threads busy, and all others are rejected at once. The overload
/// ends when the queue is empty, or ten seconds after its last sign.
public struct QueueAdmission: Equatable, Sendable {
    /// The limits from the configuration.
    public struct Rules: Equatable, Sendable {
        /// Request threads of the group.
        public var threads: Int
        /// `listen-backlog`: requests in shorter queues are never rejected, unless the group is overloaded.
        public var backlog: Int
        /// The time within which a request must get a thread, in milliseconds.
        public var patience: Int
        /// httpd threads that waiting requests of one overloaded group may hold.
        public var share: Int
        /// httpd threads that waiting requests of one group may hold if they cannot be served in time.
        public var most: Int

        /// Rules for one group.
        public init(threads: Int, backlog: Int, patience: Int, share: Int, most: Int) {
            self.threads = threads
            self.backlog = backlog
            self.patience = patience
            self.share = share
            self.most = most
        }

        /// Rules for a group in an httpd with `httpdThreads` threads. An overloaded group may hold a third of the
        /// threads that remain when all threads of the group are busy. A stuck group may hold all of them except a
        /// tenth of `httpdThreads`. `occupied` threads are held by its requests neither in the queue nor in a serving
        /// worker.
        public init(threads: Int, backlog: Int, patience: Int, httpdThreads: Int, occupied: Int) {
            let others = max(httpdThreads &- threads &- occupied, 0)
            self.init(
                threads: threads, backlog: backlog, patience: patience, share: others / 3,
                most: max(others &- httpdThreads / 10, 1))
        }
    }

    /// The state of the queue. Times are in milliseconds.
    public struct Facts: Equatable, Sendable {
        /// Requests that wait.
        public var length = 0
        /// The time since the queue was empty.
        public var age = 0
        /// Threads that became free within `period`.
        public var served = 0
        /// The measured period: about the last ten seconds at most.
        public var period = 0
        /// Requests whose clients left within `period`.
        public var left = 0
        /// Number of tenths of a second in which clients left.
        public var leaving = 0
        /// How long the queue has been slow; 0: it is not.
        public var slowFor = 0
        /// Whether the group was overloaded until now.
        public var isOverload = false

        /// An empty queue.
        public init() {}
    }

    /// How long the next request would wait, in milliseconds; `nil`: not known yet.
    public let wait: Int?
    /// Whether that wait counts as slow.
    public let isSlow: Bool
    /// Whether there is a sign of overload now.
    public let isNewOverload: Bool
    /// Whether the group is overloaded.
    public let isOverload: Bool
    /// Whether the request is rejected.
    public let isRejected: Bool

    /// The age at which clients that leave the queue become a sign of overload, in milliseconds.
    public static let shortest = 1_000
    /// The least number of tenths of a second in which clients must have left.
    public static let leastLeaving = 8
    /// How long a queue must be slow to be a sign of overload, in milliseconds.
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
            isRejected = true
        } else if isOverload {
            isRejected = facts.length >= Self.overloadLimit(facts, rules)
        } else {
            isRejected = facts.length >= rules.backlog && (wait ?? 0) > rules.patience
        }
    }

    /// Whether a request with `ahead` requests before it must release its httpd thread: the queue has hardly moved
    /// since its requests became late, and it holds so many threads that the rest of httpd could not continue.
    public static func mustLeave(behind ahead: Int, _ facts: Facts, _ rules: Rules) -> Bool {
        guard ahead >= rules.most, facts.age >= rules.patience, facts.period >= slowTime else { return false }
        let (product, overflow) = (ahead &+ 1).multipliedReportingOverflow(by: facts.period)
        return overflow || product / max(facts.served, 1) > rules.patience
    }

    /// The rate is known when every thread has become free once, or no request at all could be served in time.
    private static func wait(_ facts: Facts, _ rules: Rules) -> Int? {
        guard facts.period >= shortest else { return nil }
        guard facts.served >= max(rules.threads, 1) || facts.period > rules.patience else { return nil }
        let (product, overflow) = (facts.length &+ 1).multipliedReportingOverflow(by: facts.period)
        return overflow ? .max : product / max(facts.served, 1)
    }

    /// The number of requests served in a second, so that threads stay busy although clients leave. It is limited by
    /// `listen-backlog` and by the share of httpd's threads.
    private static func overloadLimit(_ facts: Facts, _ rules: Rules) -> Int {
        let second = facts.served * 1_000 / max(facts.period, 1)
        return min(rules.backlog, max(rules.threads, second, 1), max(rules.share, 1))
    }
}
