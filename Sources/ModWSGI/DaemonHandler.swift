internal import CHTTPD
internal import CSystem
internal import Glibc
internal import WSGICore
internal import WSGIWire

/// Serves one request through a worker of a process group.
///
/// The request head, and a body that is small, are encoded before a worker is claimed, so that neither a slow client nor
/// a second attempt costs a worker's time.
@safe struct DaemonHandler: ~Copyable {
    private let r: Request
    private let group: DaemonGroup
    private let choice: SlotChoice
    private let scratch: UnsafeMutablePointer<Scratch>
    private var body: ClientBody
    private var sink: ResponseSink
    /// How often the request was handed to a worker.
    private var attempts = 0
    /// Whether the worker is done and the end of the response has yet to be passed on.
    private var isEndDue = false
    /// The body is shorter than its declared length.
    private var isShort = false
    /// The thread that ran the request is stuck: its claim lasts as long as its worker.
    private var isThreadLost = false
    /// Short waits for a worker to learn that it has been replaced.
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
    private enum Attempt {
        /// The request is answered, or will be by somebody else.
        case answered(RequestRouter.Answer)
        /// The worker's script has changed, or does not work there; the application was not entered.
        case reload(generation: UInt32, isUnusable: Bool, isSpent: Bool)
        /// The worker did not get the request, or not all of it.
        case retry
    }

    /// Runs the request.
    static func run(
        _ r: Request, _ facts: RequestFacts, in group: DaemonGroup, choice: SlotChoice,
        _ scratch: UnsafeMutablePointer<Scratch>
    ) -> RequestRouter.Answer {
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
        sink = unsafe ResponseSink(of: r, ResponsePolicy(facts, of: group))
    }

    private mutating func run(_ facts: RequestFacts) -> RequestRouter.Answer {
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
            unsafe HeldThread.push(scratch.pointee.held, claim, of: group, choice)
            let result = attempt(claim)
            unsafe HeldThread.pop(scratch.pointee.held, isLost: isThreadLost)
            if isEndDue, isShort { unsafe sink.finishShort() } else if isEndDue { _ = unsafe sink.finish() }
            switch result {
            case .answered(let answer): return answer
            case .retry: preferred = nil
            case .reload(let generation, let isUnusable, let isSpent):
                preferred = claim.slot
                refused.insert(
                    generation, at: group.place(of: claim.slot), isUnusable: isUnusable,
                    present: group.slots.map { unsafe wsgi_slot_generation(choice.board, $0.index) })
                if generation != claim.generation, naps < Self.mostNaps {
                    // A worker that has been replaced already, but has yet to hear of it, took the connection.
                    naps += 1
                    attempts -= 1
                    usleep(1000)
                } else if isSpent, returns < Self.mostReturns {
                    // Many may wait for a worker that serves one request.
                    returns += 1
                    attempts -= 1
                }
                let limits = successorLimits ?? SlotChoice.SuccessorLimits(seconds: waitLimit)
                successorLimits = limits
                switch choice.waitForSuccessor(of: refused, in: claim.slot, refusals: refusals, of: group, limits) {
                case .ready: if generation == claim.generation, !isSpent { allow(.reloaded) }
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

    /// How long a request waits for an idle thread.
    private var limits: WaitingPlace.Limits {
        guard group.queueTimeout > 0 else {
            return WaitingPlace.Limits(hard: waitLimit, soft: group.connectTimeout, inTime: group.connectTimeout)
        }
        let hard = min(group.queueTimeout, waitLimit)
        return WaitingPlace.Limits(hard: hard, soft: hard, inTime: hard)
    }

    /// How long it waits for a worker to be replaced; also for an idle thread without a queue-timeout.
    private var waitLimit: Int { max(group.connectTimeout, group.socketTimeout) }

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

    // MARK: - One attempt

    private mutating func attempt(_ claim: SlotChoice.Claim) -> Attempt {
        let connection: UnsafeMutablePointer<DaemonConnection>
        if let idle = unsafe claim.slot.takeIdle(generation: claim.generation) {
            unsafe connection = idle
        } else {
            do {
                let made = try DaemonConnection.connect(
                    to: claim.slot.address, generation: claim.generation, connectTimeout: group.connectTimeout,
                    socketTimeout: group.socketTimeout, buffers: group.buffers)
                unsafe connection = UnsafeMutablePointer<DaemonConnection>.allocate(capacity: 1)
                unsafe connection.initialize(to: made)
            } catch {
                return connectFailed(error, claim)
            }
        }
        do {
            try unsafe connection.pointee.sendRequest(scratch.pointee.request.bytes)
        } catch {
            unsafe DaemonSlot.discard(connection)
            if case .retry = error {
                claim.slot.closeIdle()
                return .retry
            }
            return .answered(.status(failed(error, claim)))
        }
        return unsafe receive(connection, claim)
    }

    private mutating func receive(
        _ connection: UnsafeMutablePointer<DaemonConnection>, _ claim: SlotChoice.Claim
    ) -> Attempt {
        var exchange = unsafe FrameReader(connection, scratch)
        do {
            let result = try frames(&exchange)
            if exchange.isDrained {
                unsafe claim.slot.giveBack(connection)
            } else {
                unsafe DaemonSlot.discard(connection)
            }
            return result
        } catch {
            let received = exchange.hasReceived
            unsafe DaemonSlot.discard(connection)
            if case .retry = error, !received {
                claim.slot.closeIdle()
                return .retry
            }
            return .answered(.status(failed(error, claim)))
        }
    }

    /// Handles what the worker sends until its answer is complete.
    private mutating func frames(_ reader: inout FrameReader) throws(DaemonConnection.Failure) -> Attempt {
        while true {
            if sink.hasBacklog, !sink.holdsFile, !reader.hasBytes {
                reader.willPass(payloadLeft: 0)
                let isServed = sink.serveBacklog(worker: reader.descriptor, seconds: group.clientTimeout)
                reader.didPass()
                guard isServed else { return abandon(&reader) }
            }
            let header = try reader.header()
            switch header.kind {
            case .head:
                let payload = try unsafe reader.payload(header.length)
                do { try unsafe sink.sendHead(payload) } catch { return refuse(error, &reader) }
            case .hints:
                let payload = try unsafe reader.payload(header.length)
                do {
                    guard try unsafe sink.sendHints(payload) else { return abandon(&reader) }
                } catch { return malformed(&reader) }
            case .data:
                guard try data(header, &reader) else { return abandon(&reader) }
            case .file:
                let payload = try unsafe reader.payload(header.length)
                guard payload.count == 16, let descriptor = reader.takeFile() else { return malformed(&reader) }
                let isHeld = unsafe sink.holdFile(
                    descriptor, offset: payload.loadUnaligned(as: Int64.self),
                    length: payload.loadUnaligned(fromByteOffset: 8, as: Int64.self))
                guard isHeld else { return malformed(&reader) }
            case .go:
                let payload = try unsafe reader.payload(header.length)
                guard payload.count == 4 else { return malformed(&reader) }
                try unsafe answer(go: payload.loadUnaligned(as: UInt32.self), reader)
            case .log:
                let payload = try unsafe reader.payload(header.length)
                unsafe chttpd_log_request_bytes(
                    r, Int32(header.flags), payload.baseAddress ?? UnsafeRawPointer(emptyText), payload.count)
            case .end:
                guard sink.hasHead else { return malformed(&reader) }
                // The worker is free now; what waits for the client goes on without it.
                isEndDue = true
                isShort = header.flags & Frame.short != 0
                return .answered(sink.answer)
            case .error:
                if header.flags & Frame.threadLost != 0 {
                    // The worker is being replaced; until then nobody is to wait for this thread.
                    reader.poison()
                    isThreadLost = true
                }
                return .answered(.status(sink.isCommitted ? cutOff() : Int32(header.detail)))
            case .reload:
                let payload = try unsafe reader.payload(header.length)
                guard payload.count == 4 else { return malformed(&reader) }
                // The worker is being replaced: the connection would not be used again.
                reader.poison()
                return unsafe .reload(
                    generation: payload.loadUnaligned(as: UInt32.self),
                    isUnusable: header.flags & Frame.unusable != 0, isSpent: header.flags & Frame.spent != 0)
            case .cut:
                reader.poison()
                return .answered(sink.isReplaced ? sink.answer : .status(cutOff()))
            case .request, .body, .bodyEnd, .abort:
                return malformed(&reader)
            }
        }
    }

    /// Passes the payload of a DATA frame on as it comes, with the end of the response where that is there already.
    ///
    /// - Returns: false when the client has gone.
    private mutating func data(
        _ header: Frame.Header, _ reader: inout FrameReader
    ) throws(DaemonConnection.Failure) -> Bool {
        var left = header.length
        let isFlushed = header.flags & Frame.flushed != 0
        while left > 0 {
            let piece = try unsafe reader.piece(atMost: left)
            left -= piece.count
            switch left == 0 && !sink.hasBacklog ? reader.following : nil {
            case .data:
                // What is here already goes out together.
                unsafe sink.append(piece)
            case .end where !isFlushed || sink.isCommitted:
                // It goes out with the end of the response, when the worker's thread has been given back.
                unsafe sink.append(piece)
            default:
                // A block that the application has sent by itself is on its way before the response ends: httpd would
                // otherwise take it for the whole body and tell its length, sometimes, as time goes.
                reader.willPass(payloadLeft: left)
                let isTaken = unsafe sink.offer(piece, worker: reader.descriptor)
                reader.didPass()
                guard isTaken else { return false }
            }
        }
        return true
    }

    /// The client has gone: the connection is closed, so that the application's next write ends it.
    private func abandon(_ reader: inout FrameReader) -> Attempt {
        reader.poison()
        return .answered(.status(OK))
    }

    /// Reads from the client, because the application waits for it, and sends what came.
    private mutating func answer(go wanted: UInt32, _ reader: borrowing FrameReader) throws(DaemonConnection.Failure) {
        // The request's own bytes are not needed again: the application has been entered.
        unsafe scratch.pointee.request.reset()
        let room = min(max(Int(wanted), 1), Frame.maximumBodyChunk)
        unsafe Frame.append(Frame.Header(kind: .body, length: 0), to: &scratch.pointee.request)
        let count = unsafe scratch.pointee.request.append(upTo: room) { room in
            guard let start = room.baseAddress else { return 0 }
            return unsafe Int(body.read(into: start, capacity: room.count))
        }
        if count > 0 {
            unsafe scratch.pointee.request.set(UInt32(truncatingIfNeeded: count), at: 0)
        } else {
            unsafe scratch.pointee.request.reset()
            let kind: Frame.Kind = count == 0 ? .bodyEnd : .abort
            let detail = UInt16(truncatingIfNeeded: -count)
            unsafe Frame.append(Frame.Header(kind: kind, length: 0, detail: detail), to: &scratch.pointee.request)
            if count < 0 { unsafe logBodyFailure(Int64(count), of: r) }
        }
        try unsafe reader.send(scratch.pointee.request.bytes)
    }

    // MARK: - What can go wrong

    private func refuse(_ refusal: SlotChoice.Refusal) -> Int32 {
        switch refusal {
        case .unavailable:
            unsafe Log.request(
                r, .error, .connectFailed,
                "Process group '\(group.name)' has no running worker: none could be started, or httpd is stopping. "
                    + "The reason is in the error log, where the group's start is reported.")
        case .late(let wait):
            report("the request would wait about \(seconds(wait)) s; the limit is \(limits.inTime) s (\(limitName))")
            return retry(after: wait)
        case .overload(let wait):
            let expected = wait.map { "; a request that waited would be served after about \(seconds($0)) s" } ?? ""
            report("the group is overloaded, clients wait too long or leave before they are served\(expected)")
            return retry(after: wait ?? 0)
        case .queueFull:
            report(
                "no thread became free within \(group.connectTimeout) s (connect-timeout), and \(group.backlog) "
                    + "requests or more wait before this one (listen-backlog)")
            return retry(after: 0)
        case .nested:
            unsafe Log.request(
                r, .error, .nestedRequest,
                "Process group '\(group.name)': all threads are busy, and this request is a part of the response to another "
                    + "one (an include, or an error document), which keeps a thread until this one is done: its response is "
                    + "larger than response-buffer-size, or its application still reads the request. Raise threads= or "
                    + "response-buffer-size=.")
            return retry(after: 0)
        case .timeout:
            let isQueueTimeout = group.queueTimeout > 0 && limits.hard == group.queueTimeout
            unsafe Log.request(
                r, .error, isQueueTimeout ? .queueTimeout : .responseTimeout,
                "Process group '\(group.name)': no thread became free within \(limits.hard) s"
                    + "\(isQueueTimeout ? " (queue-timeout)" : ""); raise processes= or threads=, or find out what keeps the "
                    + "application busy.")
            return HTTP_GATEWAY_TIME_OUT
        case .clientGone:
            unsafe Log.request(
                r, .info, .clientGone,
                "Process group '\(group.name)': the client went away while its request waited for a thread; the request "
                    + "was not started.")
            unsafe chttpd_give_up(r)
            return OK
        }
        return retry(after: 0)
    }

    /// The answer to a request that is to come again in so many milliseconds.
    private func retry(after milliseconds: Int) -> Int32 {
        let text = unsafe copy("\(seconds(milliseconds))", into: r.pointee.pool)
        unsafe apr_table_setn(r.pointee.err_headers_out, "Retry-After", text)
        return HTTP_SERVICE_UNAVAILABLE
    }

    /// Whole seconds, at least one.
    private func seconds(_ milliseconds: Int) -> Int {
        max(1, milliseconds / 1_000 &+ (milliseconds % 1_000 > 0 ? 1 : 0))
    }

    /// Which option says what is in time.
    private var limitName: String { group.queueTimeout > 0 ? "queue-timeout" : "connect-timeout" }

    /// Says why requests are refused, once a second for each group: there may be thousands of them.
    private func report(_ reason: String) {
        let count = unsafe wsgi_queue_count_refused(choice.board, group.index)
        guard count > 0 else { return }
        let others = count > 1 ? " \(count) requests were refused since the last such record." : ""
        unsafe Log.request(
            r, .error, .queueFull,
            "Process group '\(group.name)': all threads are busy: \(reason). Raise processes= or threads=, or find out "
                + "what keeps the application busy.\(others)")
    }

    private func connectFailed(_ failure: DaemonConnection.Failure, _ claim: SlotChoice.Claim) -> Attempt {
        switch failure {
        case .retry: return .retry
        case .timeout:
            unsafe Log.request(
                r, .error, .queueFull,
                "Process group '\(group.name)': the queue of '\(claim.slot.path)' stayed full for "
                    + "\(group.connectTimeout) s (connect-timeout).")
        case .closed, .system:
            unsafe Log.request(
                r, .error, .connectFailed,
                "Process group '\(group.name)': cannot connect to its worker at '\(claim.slot.path)': "
                    + "\(reason(failure)). httpd's user must be able to enter that directory and own the socket; "
                    + "WSGISocketPrefix names another place.")
        }
        return .answered(.status(HTTP_SERVICE_UNAVAILABLE))
    }

    /// The connection failed after the application may have been entered: never sent again.
    private mutating func failed(_ failure: DaemonConnection.Failure, _ claim: SlotChoice.Claim) -> Int32 {
        let (id, status): (LogID, Int32) =
            switch failure {
            case .timeout: (.responseTimeout, HTTP_GATEWAY_TIME_OUT)
            case .closed, .retry: (.workerGone, HTTP_BAD_GATEWAY)
            case .system: (.workerReadFailed, HTTP_BAD_GATEWAY)
            }
        let whole =
            sink.isCommitted ? "the response is incomplete, the client sees it cut" : "the request is not repeated"
        unsafe Log.request(
            r, .error, sink.isCommitted ? .responseBroken : id,
            "Process group '\(group.name)': \(reason(failure)) while slot \(claim.slot.index), generation "
                + "\(claim.generation), ran the request [\(identity)]; \(whole).")
        return sink.isCommitted ? cutOff() : status
    }

    private mutating func malformed(_ reader: inout FrameReader) -> Attempt {
        reader.poison()
        unsafe Log.request(
            r, .error, .responseMalformed,
            "Process group '\(group.name)': the worker's answer does not follow the protocol; httpd's module and the "
                + "engine are of different versions. Stop and start httpd after an upgrade.")
        return .answered(.status(cutOff()))
    }

    /// The head is not acceptable.
    private mutating func refuse(_ refusal: ResponseSink.Refusal, _ reader: inout FrameReader) -> Attempt {
        guard case .headerTooLong(let length) = refusal else { return malformed(&reader) }
        reader.poison()
        unsafe Log.request(
            r, .error, .headerTooLong,
            "Process group '\(group.name)': a header of the response has \(length) bytes, and header-buffer-size is "
                + "\(group.longestHeader); raise it in the group's WSGIDaemonProcess.")
        return .answered(.status(HTTP_INTERNAL_SERVER_ERROR))
    }

    /// Makes the client see a cut response, or an error if it has not seen anything yet.
    private mutating func cutOff() -> Int32 {
        guard sink.isCommitted else { return HTTP_INTERNAL_SERVER_ERROR }
        sink.cut()
        return OK
    }

    private func bodyFailed(_ error: Int64) -> Int32 {
        unsafe logBodyFailure(error, of: r)
        return bodyFailureStatus(error)
    }

    /// The request's id, which the worker's records name as well.
    private var identity: String { unsafe string(requestID(of: r)) }

    private func reason(_ failure: DaemonConnection.Failure) -> String {
        switch failure {
        case .timeout: "nothing was sent for \(group.socketTimeout) s (socket-timeout)"
        case .closed, .retry: "the connection was closed"
        case .system(let error): systemMessage(error)
        }
    }
}

/// The status for a body that could not be read.
func bodyFailureStatus(_ error: Int64) -> Int32 {
    switch Int32(truncatingIfNeeded: error) {
    case WSGI_TRANSPORT_TIMEOUT.rawValue: HTTP_REQUEST_TIME_OUT
    case WSGI_TRANSPORT_TOO_LARGE.rawValue: HTTP_REQUEST_ENTITY_TOO_LARGE
    default: HTTP_BAD_REQUEST
    }
}

/// Says that a body could not be read, and why.
func logBodyFailure(_ error: Int64, of r: Request) {
    // A client that goes away is nothing to report to an administrator.
    let level: Log.Level = error == Int64(WSGI_TRANSPORT_DISCONNECTED.rawValue) ? .debug : .info
    unsafe Log.request(r, level, .bodyFailed, "The request body could not be read: \(bodyFailureReason(error)).")
}

/// The reason in words.
private func bodyFailureReason(_ error: Int64) -> String {
    switch Int32(truncatingIfNeeded: error) {
    case WSGI_TRANSPORT_TIMEOUT.rawValue: "the client did not send it in time"
    case WSGI_TRANSPORT_TOO_LARGE.rawValue: "it is larger than LimitRequestBody"
    case WSGI_TRANSPORT_DISCONNECTED.rawValue: "the client closed the connection"
    default: "it is malformed"
    }
}
