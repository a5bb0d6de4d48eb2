/// Decides which worker a request is handed to, and when that is given up: the child's side of a reload.
///
/// A worker may give a request back before its application is entered: it is being replaced, its script has changed, or the
/// script does not work there. The request then waits for the worker's successor, and falls back to code that is already
/// loaded if there will be none. The rules are pure: the caller claims threads, sends requests and waits; see `DaemonHandler`.
///
/// | step | carried out by the caller | event that follows |
/// |---|---|---|
/// | `claim` | claim a thread, hand the request over | `retry`, `rejected` |
/// | `handOver` | hand the request to the thread that `successor` has claimed | `retry`, `rejected` |
/// | `pause` | wait a millisecond | `paused` |
/// | `awaitSuccessor` | wait until a worker that has not rejected the request is there, or will not come | `successor` |
/// | `giveUp` | answer 503 | none |
public struct Handover {
    /// What happened.
    public enum Event {
        /// The worker did not get the request, or not all of it.
        ///
        /// - Parameter isEarly: It takes no connection from this child, as while one worker follows another; a moment later
        ///   there may be one that does.
        case retry(isEarly: Bool)
        /// The worker has given the request back.
        ///
        /// - Parameters:
        ///   - slot: The worker's place in its group, counted from 0.
        ///   - generation: The worker at this place.
        ///   - reason: Why.
        case rejected(slot: Int, generation: UInt32, Reason)
        /// The pause is over.
        case paused
        /// The wait for a successor is over.
        case successor(Successor)
    }

    /// Why a worker gives a request back.
    public enum Reason: Sendable {
        /// Its script has changed since it was loaded.
        case changed
        /// The script does not work in it.
        case unusable
        /// It takes no more requests: `maximum-requests`, or it is being replaced.
        case spent
    }

    /// What came of waiting for a successor.
    public enum Successor: Sendable {
        /// The only slot has a new worker.
        case ready
        /// A thread of a worker that has not rejected the request; it is claimed.
        case claimed(slot: Int, generation: UInt32)
        /// There will be none, or not in time.
        case none
    }

    /// What is to be done next.
    public enum Step: Equatable, Sendable {
        /// Claim a thread, of the preferred slot first, and hand the request over.
        case claim(preferred: Int?)
        /// Hand the request over to this worker, whose thread is claimed.
        case handOver(slot: Int, generation: UInt32)
        /// Wait a moment.
        case pause
        /// Wait for a worker that has not rejected the request.
        case awaitSuccessor
        /// Workers are being replaced all the time.
        case giveUp
    }

    /// Code that may answer although it would otherwise be rejected.
    public enum Permission: Sendable {
        /// It has just been loaded: a handler script that is always outdated must not be rejected again.
        case reloaded
        /// It is older than the file, and nothing newer will come.
        case stale
        /// It is all there is: the worker answers with the error.
        case lastResort
    }

    /// Attempts so far.
    public private(set) var attempts = 0
    /// What the next attempts are permitted, in addition to what former ones were; `nil` after it has been taken.
    private var permission: Permission?
    private var rejections: [Rejection] = []
    /// The slot whose worker was the last to reject the request.
    public private(set) var lastSlot = 0
    private var lastReason = Reason.changed
    private var pauses = 0
    private var returns = 0
    private let mostAttempts: Int

    /// Pauses are of a millisecond. What they are for takes well below one, unless the machine is very busy.
    static let mostPauses = 2_000
    /// How often workers that take no more may give the request back before that counts: many may wait for a worker that
    /// serves one request.
    static let mostReturns = 2_000

    /// What a worker slot has done with the request.
    private struct Rejection {
        /// The generation that has rejected the request; 0: none, or it may be asked again.
        var generation: UInt32 = 0
        /// The generation at the time of the first rejection.
        let first: UInt32
        var isUnusable = false
    }

    /// Begins with a request for a group of so many slots.
    public init(slots: Int) {
        // Each worker may reject a changed script once, and die under a request once or twice; more is a fault.
        mostAttempts = 2 * slots + 8
    }

    /// The first step.
    public mutating func begin() -> Step { attempt(.claim(preferred: nil)) }

    /// Whether the request has had a thread before.
    public var isRepeated: Bool { attempts + pauses + returns > 1 }

    /// The next step after an event.
    ///
    /// - Parameter present: The generations that the slots have now; read for the first rejection only.
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
            if reason == .spent, returns < Self.mostReturns {
                returns += 1
                attempts -= 1
            }
            return .awaitSuccessor
        case .successor(let successor): return follow(successor)
        }
    }

    private mutating func follow(_ successor: Successor) -> Step {
        switch successor {
        case .ready:
            if lastReason != .spent { permission = .reloaded }
            return attempt(.claim(preferred: lastSlot))
        case .claimed(let slot, let generation):
            if lastReason != .spent, rejections[slot].first != generation { permission = .reloaded }
            return attempt(.handOver(slot: slot, generation: generation))
        case .none:
            // The last of those that have old code; all of them may be asked again.
            var stale: Int?
            for slot in rejections.indices where rejections[slot].generation != 0 && !rejections[slot].isUnusable {
                rejections[slot].generation = 0
                stale = slot
            }
            permission = stale == nil ? .lastResort : .stale
            return attempt(.claim(preferred: stale ?? lastSlot))
        }
    }

    private mutating func attempt(_ step: Step) -> Step {
        guard attempts < mostAttempts else { return .giveUp }
        attempts += 1
        return step
    }

    /// What the next attempt is permitted in addition; once.
    public mutating func takePermission() -> Permission? {
        defer { permission = nil }
        return permission
    }

    // MARK: - While the request waits for a successor

    /// Whether the worker of this generation has rejected the request.
    public func hasRejected(_ generation: UInt32, at slot: Int) -> Bool { rejections[slot].generation == generation }

    /// Whether only another worker can serve the request: old code can, where it is loaded.
    public var needsOther: Bool { rejections[lastSlot].isUnusable }
}
