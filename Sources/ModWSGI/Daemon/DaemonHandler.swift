internal import CHTTPD
internal import CSharedMemory
internal import Glibc
internal import WSGICore
internal import WSGIWire

/// Serves one request through a worker of a process group.
///
/// The request head, and a body that is small, are encoded before a worker is claimed, so that neither a slow client nor
/// a second attempt costs a worker's time.
@safe struct DaemonHandler: ~Copyable {
    let r: Request
    let group: DaemonGroup
    let choice: SlotChoice
    let scratch: UnsafeMutablePointer<Scratch>
    var body: ClientBody
    var sink: ResponseSink
    /// How often the request was handed to a worker.
    private var attempts = 0
    /// Whether the worker is done and the end of the response has yet to be passed on.
    var isEndDue = false
    /// The body is shorter than its declared length.
    var isShort = false
    /// Whether some of the request body is still to be asked for by the worker.
    var mayAskForBody = false
    /// The thread that runs the request is not free when the request is answered: its claim is not given back with that.
    var isThreadLost = false
    /// Whether the worker has said that its thread is done with the request.
    var isWorkerDone = false
    /// Short waits for a worker to follow another.
    private var naps = 0
    /// How often a worker has given the request back because it takes no more.
    private var returns = 0
    /// Until when it waits for changed code, since it had to for the first time.
    private var successorLimits: SlotChoice.SuccessorLimits?

    /// That takes it well below a millisecond, unless the machine is very busy.
    private static let mostNaps = 2000
    /// How often a request is given back by workers that take no more, before that counts as an attempt.
    private static let mostReturns = 2000

    /// What one attempt led to.
    enum Attempt {
        /// The request is answered, or will be by somebody else.
        case answered(HandlerResult)
        /// The worker's script has changed, or does not work there; the application was not entered.
        case reload(isUnusable: Bool, isSpent: Bool)
        /// The worker did not get the request, or not all of it. `isEarly`: it takes no connection from this child, as
        /// while one worker follows another; a moment later there may be one that does.
        case retry(isEarly: Bool)
    }

    /// Runs the request.
    static func run(
        _ r: Request, _ facts: RequestFacts, in group: DaemonGroup, choice: SlotChoice,
        _ scratch: UnsafeMutablePointer<Scratch>
    ) -> HandlerResult {
        var handler = unsafe DaemonHandler(r, group, choice, scratch, facts)
        return handler.run(facts)
    }

    private init(
        _ r: Request, _ group: DaemonGroup, _ choice: SlotChoice, _ scratch: UnsafeMutablePointer<Scratch>,
        _ facts: RequestFacts
    ) {
        unsafe self.r = r
        self.group = group
        self.choice = choice
        unsafe self.scratch = scratch
        body = unsafe ClientBody(of: r)
        sink = unsafe ResponseSink(of: r, ResponsePolicy(facts).limited(by: group.settings))
    }

    private mutating func run(_ facts: RequestFacts) -> HandlerResult {
        if let status = encode(facts) { return .status(status) }
        defer { unsafe LogVariables.set(r, connects: attempts) }
        var preferred: DaemonSlot?
        var claimed: SlotChoice.Claim?
        var isRepeated = false
        var refused = RefusedWorkers()
        // Each worker may refuse a changed script once, and die under a request once or twice; more is a fault.
        let limit = 2 * group.slots.count + 8
        while attempts < limit {
            attempts += 1
            let claim: SlotChoice.Claim
            do {
                if let other = claimed {
                    claim = other
                    claimed = nil
                } else {
                    claim = try unsafe choice.claim(
                        group, for: r, limits, isRepeated: isRepeated, preferred: preferred)
                }
            } catch {
                return .status(refuse(error))
            }
            isRepeated = true
            let refusals = unsafe wsgi_slot_refusals(choice.board, claim.slot.index)
            unsafe HeldThread.push(
                scratch.pointee.held, (choice.child, group.index, claim.slot.index, claim.generation), in: choice.board,
                limit: group.settings.largestBacklog, closing: group.access.closing)
            let result = attempt(claim)
            unsafe HeldThread.pop(scratch.pointee.held, isLost: isThreadLost)
            if isEndDue, isShort { unsafe sink.finishShort() } else if isEndDue { _ = unsafe sink.finish() }
            switch result {
            case .answered(let answer): return answer
            case .retry(let isEarly):
                preferred = nil
                if isEarly { napOnce() }
            case .reload(let isUnusable, let isSpent):
                preferred = claim.slot
                refused.insert(
                    claim.generation, at: group.place(of: claim.slot), isUnusable: isUnusable,
                    present: group.slots.map { unsafe wsgi_slot_generation(choice.board, $0.index) })
                if isSpent, returns < Self.mostReturns {
                    // Many may wait for a worker that serves one request.
                    returns += 1
                    attempts -= 1
                }
                let limits = successorLimits ?? SlotChoice.SuccessorLimits(seconds: waitLimit)
                successorLimits = limits
                switch choice.waitForSuccessor(of: refused, in: claim.slot, refusals: refusals, of: group, limits) {
                case .ready: if !isSpent { allow(.reloaded) }
                case .claimed(let other):
                    claimed = other
                    // It has just been loaded: a handler script that is always outdated must not be asked again.
                    if !isSpent, refused.isNew(other.generation, at: group.place(of: other.slot)) {
                        allow(.reloaded)
                    }
                case .none:
                    if let place = refused.forgiveOldCode() {
                        allow(.staleAllowed)
                        preferred = group.slots[place]
                    } else {
                        allow(.lastResort)
                    }
                }
            }
        }
        if let claimed { choice.release(claimed, of: group) }
        unsafe Log.request(
            r, .error, .reloadRejections,
            "Process group '\(group.name)': \(attempts) attempts to hand the request to a worker failed; "
                + "its workers are being replaced all the time. See the records about the group before this one.")
        return .status(HTTP_SERVICE_UNAVAILABLE)
    }

    /// Waits a moment; the attempt that made it necessary does not count, as long as there were not too many.
    private mutating func napOnce() {
        guard naps < Self.mostNaps else { return }
        naps += 1
        attempts -= 1
        usleep(1000)
    }

    /// How long a request waits for an idle thread.
    var limits: WaitingPlace.Limits {
        guard group.settings.queueTimeout > 0 else {
            return WaitingPlace.Limits(
                hard: waitLimit, soft: group.settings.connectTimeout, inTime: group.settings.connectTimeout)
        }
        let hard = min(group.settings.queueTimeout, waitLimit)
        return WaitingPlace.Limits(hard: hard, soft: hard, inTime: hard)
    }

    /// How long it waits for a worker to be replaced; also for an idle thread without a queue-timeout.
    var waitLimit: Int { max(group.settings.connectTimeout, group.settings.socketTimeout) }

    // MARK: - Before a worker is claimed

    /// Encodes the REQUEST frame. A status: the request ends here.
    private mutating func encode(_ facts: RequestFacts) -> Int32? {
        var facts = facts
        var inline = 0
        let length = facts.contentLength
        let hasBody = facts.flags.contains(.bodyFollows)
        if hasBody, length >= 0, length <= Int64(Frame.maximumInlineBody), unsafe r.pointee.expecting_100 == 0 {
            // An input filter may make more of the body than the client has sent: ask for as much as there is room.
            while !body.hasEnded, inline < Frame.maximumInlineBody {
                guard let start = unsafe scratch.pointee.input.baseAddress else { break }
                let count = unsafe body.read(into: start + inline, capacity: Frame.maximumInlineBody - inline)
                if count < 0 { return bodyFailed(count) }
                inline += Int(count)
            }
            if body.hasEnded { facts.flags.remove(.bodyFollows) }
            facts.flags.insert(.bodyInline)
        }
        mayAskForBody = facts.flags.contains(.bodyFollows)
        unsafe Frame.append(Frame.Header(kind: .request, length: 0), to: &scratch.pointee.request)
        unsafe RequestEncoder.encode(r, facts, inlineBody: inline, into: &scratch.pointee.request)
        unsafe LogVariables.set(r, facts)
        unsafe scratch.pointee.request.append(UnsafeRawBufferPointer(rebasing: scratch.pointee.input[..<inline]))
        unsafe scratch.pointee.request.set(
            UInt32(truncatingIfNeeded: scratch.pointee.request.count - Frame.headerSize), at: 0)
        return nil
    }

    /// The next attempt may be answered by code that would otherwise be refused.
    private mutating func allow(_ flag: RequestHead.Flags) {
        let bytes = unsafe scratch.pointee.request.bytes
        let flags = unsafe bytes.loadUnaligned(fromByteOffset: Frame.headerSize, as: UInt32.self)
        unsafe scratch.pointee.request.set(flags | flag.rawValue, at: Frame.headerSize)
    }
}
