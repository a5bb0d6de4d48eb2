/// Decides which worker receives a request, and when to give up: the httpd child's side of a reload.
///
/// A worker may return a request before it enters the application: it is being replaced, its script has changed, or the
/// script does not work there. The request then waits for the worker's successor. If there will be none, it falls back
/// to code that is already loaded. The rules are pure: the caller (`DaemonHandler`) claims threads, sends requests and
/// waits.
///
/// | step | carried out by the caller | event that follows |
/// |---|---|---|
/// | `claim` | claim a thread, hand the request over | `retry`, `rejected` |
/// | `handOver` | hand the request to the thread that `successor` has claimed | `retry`, `rejected` |
/// | `pause` | wait a millisecond | `paused` |
/// | `awaitSuccessor` | wait for a worker that has not rejected the request, or until there can be none | `successor` |
/// | `giveUp` | answer 503 | none |
public struct Handover {
    /// What happened.
    public enum Event {
        /// The worker did not receive the request, or only a part of it.
        ///
        /// - Parameter isEarly: The worker does not accept connections from this child, for example while one worker
        ///   replaces another. A moment later another worker may.
        case retry(isEarly: Bool)
        /// The worker has returned the request.
        ///
        /// - Parameters:
        ///   - slot: The worker's slot in its group, counted from 0.
        ///   - generation: The worker in this slot.
        ///   - reason: Why it returned the request.
        case rejected(slot: Int, generation: UInt32, Reason)
        /// The pause is over.
        case paused
        /// The wait for a successor is over.
        case successor(Successor)
    }

    /// Why a worker returns a request.
    public enum Reason: Sendable {
        /// Its script has changed since it was loaded.
        case changed
        /// The script does not work in it.
        case unusable
        /// It accepts no more requests: it has reached `maximum-requests`, or is being replaced.
        case spent
    }

    /// The result of waiting for a successor.
    public enum Successor: Sendable {
        /// The only slot has a new worker.
        case ready
        /// A thread of a worker that has not rejected the request is claimed.
        case claimed(slot: Int, generation: UInt32)
        /// There is no successor, or it was not ready in time.
        case none
    }

    /// The caller's next step.
    public enum Step: Equatable, Sendable {
        /// Claim a thread, if possible of the preferred slot, and hand the request over.
        case claim(preferred: Int?)
        /// Hand the request over to this worker, whose thread is claimed.
        case handOver(slot: Int, generation: UInt32)
        /// Wait a moment.
        case pause
        /// Wait for a worker that has not rejected the request.
        case awaitSuccessor
        /// Give up: workers are replaced again and again.
        case giveUp
    }

    /// Permission for a worker to answer with code that it would otherwise reject.
    public enum Permission: Sendable {
        /// The code has just been loaded: a handler script that is always outdated must not be rejected again.
        case reloaded
        /// The code is older than the file, and no newer code will be loaded.
        case stale
        /// There is no other code: the worker answers with the error.
        case lastResort
    }

    /// Attempts so far.
    public private(set) var attempts = 0
    /// Permission for the following attempts, in addition to those of former attempts; `nil` after it has been taken.
    private var permission: Permission?
    private var rejections: [Rejection] = []
    /// The slot whose worker was the last to reject the request.
    public private(set) var lastSlot = 0
    private var lastReason = Reason.changed
    private var pauses = 0
    private var returns = 0
    private let mostAttempts: Int

    /// Each pause lasts a millisecond. A change of workers takes much less, unless the machine is very busy.
    static let mostPauses = 2_000
    /// How often spent workers may return the request before that counts as an attempt: many requests may wait for a
    /// worker that serves only one.
    static let mostReturns = 2_000

    /// The rejection of the request by a worker slot.
    private struct Rejection {
        /// The generation that has rejected the request; 0: none, or it may be tried again.
        var generation: UInt32 = 0
        /// The generation at the time of the first rejection.
        let first: UInt32
        var isUnusable = false
    }

    /// A request for a group with this number of slots.
    public init(slots: Int) {
        // Each worker may reject a changed script once, and end during a request once or twice. More is an error.
        mostAttempts = 2 * slots + 8
    }

    /// The first step.
    public mutating func begin() -> Step { attempt(.claim(preferred: nil)) }

    /// Whether this is not the first attempt for the request.
    public var isRepeated: Bool { attempts + pauses + returns > 1 }

    /// The next step after an event.
    ///
    /// - Parameter present: The present generations of the slots; read only for the first rejection.
    public mutating func handle(_ event: Event, present: @autoclosure () -> [UInt32]) -> Step {
        switch event {
        case .retry(let isEarly):
            guard isEarly, pauses < Self.mostPauses else { return attempt(.claim(preferred: nil)) }
            pauses += 1
            attempts -= 1
            return .pause
        case .paused: return attempt(.claim(preferred: nil))
        case .rejected(let slot, let generation, let reason):
            if rejections.isEmpty { rejections = present().map { Rejection(first: $0) } }
            rejections[slot].generation = generation
            rejections[slot].isUnusable = reason == .unusable
            (lastSlot, lastReason) = (slot, reason)
            return .awaitSuccessor
        case .successor(let successor): return follow(successor)
        }
    }

    private mutating func follow(_ successor: Successor) -> Step {
        switch successor {
        case .ready:
            forgetReturn()
            if lastReason != .spent { permission = .reloaded }
            return attempt(.claim(preferred: lastSlot))
        case .claimed(let slot, let generation):
            forgetReturn()
            if lastReason != .spent, rejections[slot].first != generation { permission = .reloaded }
            return attempt(.handOver(slot: slot, generation: generation))
        case .none:
            // The last slot that has old code. All slots that have old code may be tried again.
            var stale: Int?
            for slot in rejections.indices where rejections[slot].generation != 0 && !rejections[slot].isUnusable {
                rejections[slot].generation = 0
                stale = slot
            }
            permission = stale == nil ? .lastResort : .stale
            return attempt(.claim(preferred: stale ?? lastSlot))
        }
    }

    /// A return by a spent worker does not count as an attempt if a successor follows.
    private mutating func forgetReturn() {
        guard lastReason == .spent, returns < Self.mostReturns else { return }
        returns += 1
        attempts -= 1
    }

    private mutating func attempt(_ step: Step) -> Step {
        guard attempts < mostAttempts else { return .giveUp }
        attempts += 1
        return step
    }

    /// Returns the additional permission for the next attempt, once.
    public mutating func takePermission() -> Permission? {
        defer { permission = nil }
        return permission
    }

    // MARK: - While the request waits for a successor

    /// Whether the worker of this generation has rejected the request.
    public func hasRejected(_ generation: UInt32, at slot: Int) -> Bool { rejections[slot].generation == generation }

    /// Whether only another worker can serve the request. A worker with old code still can.
    public var needsOther: Bool { rejections[lastSlot].isUnusable }

    /// Whether the last worker accepts no more requests.
    public var isSpent: Bool { lastReason == .spent }
}
