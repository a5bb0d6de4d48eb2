internal import CHTTPD
internal import CSystem
internal import Glibc
internal import ProcessKit
internal import WSGIConfig
internal import WSGICore
internal import WSGIWire

/// Serves one request through a worker of a process group.
///
/// The request head and a small body are encoded before a worker is claimed, so that neither a slow client nor a second
/// attempt takes a worker's time.
@safe struct DaemonHandler: ~Copyable {
    let r: Request
    let group: DaemonGroup
    let choice: SlotChoice
    let scratch: UnsafeMutablePointer<Scratch>
    var body: ClientBody
    var sink: ResponseSink
    /// Whether the worker is done and the end of the response has not been passed on yet.
    var isEndDue = false
    /// Whether the body is shorter than its declared length.
    var isShort = false
    /// Whether the worker may still request a part of the body.
    var mayAskForBody = false
    /// Whether the thread is still busy after the response, so that its claim is not released with the response.
    var isThreadLost = false
    /// Whether the worker has reported that its thread is done with the request.
    var isWorkerDone = false
    /// Decides which worker is next, and when to give up.
    private var handover: Handover
    /// The claimed thread to which the request has not been handed yet.
    private var claim: SlotChoice.Claim?
    /// Number of failed replacements of the worker when the request was handed to it.
    private var failedReplacements: UInt32 = 0
    /// When the request was ready for a worker, and when it first had a thread, in nanoseconds; 0: it has not had one.
    private var (start, ran): (UInt64, UInt64) = (0, 0)
    /// The limits of the wait for changed code, set at the first such wait.
    private var successorLimits: SlotChoice.SuccessorLimits?

    /// The result of one attempt.
    enum Attempt {
        /// The request has a response, or another handler provides it.
        case answered(HandlerResult)
        /// The worker has not received the request, or has given it back.
        case notServed(Handover.Event)

        var isServed: Bool { if case .answered = self { true } else { false } }
    }

    /// Runs the request.
    static func run(
        _ r: Request, _ facts: RequestFacts, in group: DaemonGroup, choice: SlotChoice,
        _ scratch: UnsafeMutablePointer<Scratch>, _ measure: inout RequestMeasure
    ) throws(Rejection) -> HandlerResult {
        var handler = unsafe DaemonHandler(r, group, choice, scratch, facts)
        try handler.encode(facts)
        handler.start = wsgi_monotonic_nanoseconds()
        let reading = handler.body.reading
        defer {
            handler.measure(&measure, reading: handler.body.reading &- reading)
            unsafe LogVariables.set(r, connects: handler.handOvers)
        }
        return try handler.run()
    }

    /// How often the request was handed to a worker.
    private var handOvers = 0

    private init(
        _ r: Request, _ group: DaemonGroup, _ choice: SlotChoice, _ scratch: UnsafeMutablePointer<Scratch>,
        _ facts: RequestFacts
    ) {
        unsafe self.r = r
        self.group = group
        self.choice = choice
        unsafe self.scratch = scratch
        handover = Handover(slots: group.slots.count)
        body = unsafe ClientBody(of: r)
        sink = unsafe ResponseSink(of: r, ResponsePolicy(facts.effective.settings, group.settings))
    }

    private mutating func run() throws(Rejection) -> HandlerResult {
        let (group, choice) = (group, choice)
        var step = handover.begin()
        while true {
            switch try perform(step) {
            case .answered(let result): return result
            case .notServed(let event):
                step = handover.handle(
                    event, present: group.slots.map { choice.scoreboard.generation(of: $0.index) })
                if let permission = handover.takePermission() { permit(permission) }
            }
        }
    }

    private mutating func perform(_ step: Handover.Step) throws(Rejection) -> Attempt {
        switch step {
        case .claim(let preferred):
            var hasWaited = false
            do throws(ClaimError) {
                claim = try unsafe choice.claim(
                    group, for: r, limits, isRepeated: handover.isRepeated,
                    preferred: preferred.map { group.slots[$0] }, hasWaited: &hasWaited)
            } catch { throw rejection(error) }
            if ran == 0 { ran = hasWaited ? wsgi_monotonic_nanoseconds() : start }
            return try handOver()
        case .handOver: return try handOver()
        case .pause:
            usleep(1000)
            return .notServed(.paused)
        case .awaitSuccessor: return .notServed(.successor(awaitSuccessor()))
        case .giveUp:
            if let claim { choice.release(claim, of: group, isServed: false) }
            throw givenUp(attempts: handover.attempts)
        }
    }

    /// Hands the request to the worker whose thread is claimed, and releases the thread afterwards.
    private mutating func handOver() throws(Rejection) -> Attempt {
        guard let claim else { return .notServed(.retry(isEarly: false)) }
        self.claim = nil
        handOvers += 1
        failedReplacements = choice.scoreboard.failedReplacements(of: claim.slot.index)
        unsafe HeldThread.push(
            scratch.pointee.held, (group.index, claim.slot.index, claim.generation), in: choice.scoreboard,
            limit: group.settings.largestBacklog, closing: group.access.closing)
        let result: Attempt
        do throws(Rejection) {
            result = try attempt(claim)
        } catch {
            unsafe HeldThread.pop(scratch.pointee.held, isLost: isThreadLost, isServed: true)
            throw error
        }
        unsafe HeldThread.pop(scratch.pointee.held, isLost: isThreadLost, isServed: result.isServed)
        if isEndDue, isShort { unsafe sink.finishShort() } else if isEndDue { _ = unsafe sink.finish() }
        return result
    }

    /// Records the times of the request, `reading` of which it has read its body since `start`.
    @inline(__always)
    private borrowing func measure(_ measure: inout RequestMeasure, reading: UInt64) {
        guard ran != 0 else { return measure.waited(wsgi_monotonic_nanoseconds() &- start) }
        measure.waited(ran &- start)
        measure.ran(since: ran, reading: reading, body, sink)
    }

    private mutating func awaitSuccessor() -> Handover.Successor {
        let limits = successorLimits ?? choice.successorLimits(group, seconds: waitLimit)
        successorLimits = limits
        defer { unsafe choice.closeAfterResponse(r, of: group) }
        switch choice.awaitSuccessor(handover, of: group, failedReplacements, limits) {
        case .ready: return .ready
        case .none: return .none
        case .claimed(let found):
            claim = found
            return .claimed(slot: group.index(of: found.slot), generation: found.generation)
        }
    }

    /// The limits of a request's wait for an idle thread.
    var limits: QueueTicket.Limits {
        guard group.settings.queueTimeout > 0 else {
            return QueueTicket.Limits(
                hard: waitLimit, soft: group.settings.connectTimeout, inTime: group.settings.connectTimeout)
        }
        let hard = min(group.settings.queueTimeout, waitLimit)
        return QueueTicket.Limits(hard: hard, soft: hard, inTime: hard)
    }

    /// Seconds that it waits for the replacement of a worker; without a queue-timeout also for an idle thread.
    var waitLimit: Int { max(group.settings.connectTimeout, group.settings.socketTimeout) }

    // MARK: - Before a worker is claimed

    /// Encodes the REQUEST frame.
    private mutating func encode(_ facts: RequestFacts) throws(Rejection) {
        var facts = facts
        var inline = 0
        let length = facts.contentLength
        let hasBody = facts.flags.contains(.bodyFollows)
        if hasBody, length >= 0, length <= Int64(Frame.maximumInlineBody), unsafe r.pointee.expecting_100 == 0 {
            // An input filter may return more data than the client has sent: use all the room.
            while !body.hasEnded, inline < Frame.maximumInlineBody {
                guard let start = unsafe scratch.pointee.input.baseAddress else { break }
                let count = unsafe body.read(into: start + inline, capacity: Frame.maximumInlineBody - inline)
                if count < 0 { throw unsafe bodyRejection(count, of: r) }
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
    }

    /// Sets the flag that allows the next attempt to be answered by code that would otherwise be rejected.
    private mutating func permit(_ permission: Handover.Permission) {
        let flag: RequestHead.Flags =
            switch permission {
            case .reloaded: .reloaded
            case .stale: .staleAllowed
            case .lastResort: .lastResort
            }
        let bytes = unsafe scratch.pointee.request.bytes
        let flags = unsafe bytes.loadUnaligned(fromByteOffset: Frame.headerSize, as: UInt32.self)
        unsafe scratch.pointee.request.set(flags | flag.rawValue, at: Frame.headerSize)
    }
}
