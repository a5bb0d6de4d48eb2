internal import CHTTPD
internal import CSystem
internal import Glibc
internal import ProcessKit
internal import WSGIConfig
internal import WSGICore
internal import WSGIWire

/// One attempt: sends the request to a worker, and passes the response to the client.
extension DaemonHandler {
    mutating func attempt(_ claim: SlotChoice.Claim) throws(Rejection) -> Attempt {
        let connection: UnsafeMutablePointer<DaemonConnection>
        guard !group.access.isClogged else { throw cloggedRejection(claim) }
        let secret = group.access.secret
        guard secret != ConnectionSecret() else { throw rejection(.unavailable) }
        var isNew = false
        if let idle = unsafe claim.slot.takeIdle(generation: claim.generation, secret: secret) {
            unsafe connection = idle
        } else {
            isNew = true
            do {
                let made = try DaemonConnection.connect(
                    to: claim.slot.address, of: group.access, generation: claim.generation, secret: secret)
                unsafe connection = UnsafeMutablePointer<DaemonConnection>.allocate(capacity: 1)
                unsafe connection.initialize(to: made)
            } catch {
                if case .retry = error { return .notServed(.retry(isEarly: true)) }
                throw connectRejection(error, claim)
            }
        }
        var watch = WorkerWatch(claim.slot.index, generation: claim.generation, of: group.access, in: choice.scoreboard)
        let number = unsafe connection.pointee.nextNumber()
        unsafe scratch.pointee.request.set(number, at: Frame.detailOffset)
        do {
            try unsafe connection.pointee.sendRequest(scratch.pointee.request.bytes, &watch)
        } catch {
            unsafe DaemonSlot.discard(connection)
            if case .retry = error {
                claim.slot.closeIdle()
                return .notServed(.retry(isEarly: isNew))
            }
            throw failure(error, claim)
        }
        return unsafe try receive(FrameReader(connection, watch, scratch), connection, claim, number, isNew: isNew)
    }

    private mutating func receive(
        _ exchange: consuming FrameReader, _ connection: UnsafeMutablePointer<DaemonConnection>,
        _ claim: SlotChoice.Claim, _ number: UInt16, isNew: Bool
    ) throws(Rejection) -> Attempt {
        isWorkerDone = false
        do {
            let result = try frames(&exchange, of: number, claim)
            if !isWorkerDone {
                unsafe leave(connection, claim)
            } else if exchange.isDrained {
                unsafe claim.slot.giveBack(connection)
            } else {
                unsafe DaemonSlot.discard(connection)
            }
            return result
        } catch {
            switch error {
            case .retry where !exchange.hasReceived:
                unsafe DaemonSlot.discard(connection)
                claim.slot.closeIdle()
                return .notServed(.retry(isEarly: isNew))
            case .retry, .closed: unsafe DaemonSlot.discard(connection)
            case .timeout, .system, .invalid: unsafe leave(connection, claim)
            }
            throw failure(error, claim)
        }
    }

    /// Leaves a connection whose worker still runs a request that has ended here.
    private mutating func leave(_ connection: UnsafeMutablePointer<DaemonConnection>, _ claim: SlotChoice.Claim) {
        if unsafe !isWorkerDone && scratch.pointee.held.pointee.isHeld,
            unsafe BusyThreads.add(connection, claim, of: group, choice)
        {
            isThreadLost = true
        } else {
            unsafe DaemonSlot.discard(connection)
        }
    }

    /// Handles the frames of the worker until its response is complete.
    ///
    /// - Throws: `.invalid` for a violation of the protocol; the connection must not be used again.
    private mutating func frames(
        _ reader: inout FrameReader, of number: UInt16, _ claim: SlotChoice.Claim
    ) throws(DaemonConnection.Failure) -> Attempt {
        var order = AnswerOrder(of: number, bodyFollows: mayAskForBody)
        var log = LogAllowance()
        defer { if log.omitted > 0 { reportOmitted(log.omitted) } }
        while true {
            if sink.hasBacklog, !sink.holdsFile, !reader.hasBytes {
                reader.willPass(payloadLeft: 0)
                let isServed = sink.serveBacklog(worker: reader.descriptor, seconds: group.settings.clientTimeout)
                reader.didPass()
                guard isServed else { return abandon(&reader) }
            }
            let header = try reader.header()
            do { try order.take(header) } catch { throw .invalid(error) }
            switch header.kind {
            case .log:
                let payload = try unsafe reader.payload(header.length)
                let record = unsafe LogSource(level: Int32(header.flags), payload)
                guard let start = unsafe record.text.baseAddress,
                    log.take(payload.count, at: Instant.now.milliseconds)
                else { break }
                if unsafe chttpd_logs_request(r, record.level) { unsafe Metrics.countID(of: record.text) }
                unsafe chttpd_log_request_bytes(
                    r, record.level, record.file.baseAddress, record.file.count, record.line, start, record.text.count)
            case .end, .error, .reload, .cut: return try conclude(header, &reader, &order, claim)
            default:
                if let attempt = try pass(header, &reader, &order) { return attempt }
            }
        }
    }

    /// Handles a frame that is part of the response, or that requests the body.
    ///
    /// - Returns: `nil` if other frames follow.
    @inline(__always)
    private mutating func pass(
        _ header: Frame.Header, _ reader: inout FrameReader, _ order: inout AnswerOrder
    ) throws(DaemonConnection.Failure) -> Attempt? {
        switch header.kind {
        case .head:
            let payload = try unsafe reader.payload(header.length)
            do { try unsafe sink.sendHead(payload, &order) } catch {
                switch error {
                case .invalid(let fault): throw .invalid(fault)
                case .headerTooLong(let length):
                    reader.poison()
                    report(headerTooLong: length)
                    return .answered(.status(HTTP_INTERNAL_SERVER_ERROR))
                }
            }
        case .hints:
            let payload = try unsafe reader.payload(header.length)
            do {
                guard try unsafe sink.sendHints(payload) else { return abandon(&reader) }
            } catch { throw .invalid(.head) }
        case .data:
            guard try data(header, &reader, &order) else { return abandon(&reader) }
        case .file:
            try unsafe file(reader.payload(header.length), &reader, &order)
        case .go:
            let payload = try unsafe reader.payload(header.length)
            try unsafe answer(go: payload.loadUnaligned(as: UInt32.self), &reader, &order)
        default: throw .invalid(.direction)
        }
        return nil
    }

    /// Handles the last frame of the response.
    private mutating func conclude(
        _ header: Frame.Header, _ reader: inout FrameReader, _ order: inout AnswerOrder, _ claim: SlotChoice.Claim
    ) throws(DaemonConnection.Failure) -> Attempt {
        isWorkerDone = true
        switch header.kind {
        case .end:
            guard !reader.hasFile else { throw .invalid(.descriptor) }
            // The worker is idle now; data that the client has not taken is sent without it.
            isEndDue = true
            isShort = order.isShort && sink.wantsBody
            return .answered(sink.answer)
        case .error:
            let payload = try unsafe reader.payload(header.length)
            let status = unsafe Int32(payload.loadUnaligned(as: UInt16.self))
            do { try order.take(errorStatus: Int(status)) } catch { throw .invalid(error) }
            if header.flags & Frame.threadLost != 0 {
                // The worker is being replaced; until then no request may be sent to this thread.
                reader.poison()
                isThreadLost = true
                choice.scoreboard.loseThread(claim.slot.index, of: group.index, generation: claim.generation)
            }
            return .answered(.status(sink.isCommitted ? cutOff() : status))
        case .reload:
            // The worker is being replaced: the connection cannot be used again.
            reader.poison()
            let reason: Handover.Reason =
                header.flags & Frame.unusable != 0
                ? .unusable : header.flags & Frame.spent != 0 ? .spent : .changed
            return .notServed(.rejected(slot: group.index(of: claim.slot), generation: claim.generation, reason))
        default:
            reader.poison()
            return .answered(sink.isReplaced ? sink.answer : .status(cutOff()))
        }
    }

    /// Passes the payload of a DATA frame on as it arrives, together with small frames that have already arrived, and
    /// with the end of the response if that has arrived too.
    ///
    /// - Returns: false if the client has disconnected.
    private mutating func data(
        _ header: Frame.Header, _ reader: inout FrameReader, _ order: inout AnswerOrder
    ) throws(DaemonConnection.Failure) -> Bool {
        var left = header.length
        var isFlushed = header.flags & Frame.flushed != 0
        while left > 0 {
            var piece = try unsafe reader.piece(atMost: left)
            left -= piece.count
            var next = left == 0 && !sink.hasBacklog ? reader.following : nil
            while let small = next, small.kind == .data, small.length <= FrameReader.smallData {
                guard let joined = unsafe reader.join(small, to: piece) else { break }
                do { try order.take(small) } catch { throw .invalid(error) }
                unsafe piece = unsafe joined
                isFlushed = small.flags & Frame.flushed != 0
                next = reader.following
            }
            switch next?.kind {
            case .data:
                // Data that has arrived is sent together.
                unsafe sink.append(piece)
            case .end where !isFlushed || sink.isCommitted:
                // Sent with the end of the response, after the worker's thread is released.
                unsafe sink.append(piece)
            default:
                // Flush a block that the application wrote separately, so that httpd does not add a Content-Length
                // depending on timing.
                reader.willPass(payloadLeft: left)
                let isTaken = unsafe sink.offer(piece, worker: reader.descriptor)
                reader.didPass()
                guard isTaken else { return false }
            }
        }
        return true
    }

    /// Keeps the descriptor of the response if it is a regular file: later reads from it must not block.
    private mutating func file(
        _ payload: UnsafeRawBufferPointer, _ reader: inout FrameReader, _ order: inout AnswerOrder
    ) throws(DaemonConnection.Failure) {
        guard let descriptor = reader.takeFile() else { throw .invalid(.file) }
        let offset = unsafe payload.loadUnaligned(as: Int64.self)
        let length = unsafe payload.loadUnaligned(fromByteOffset: 8, as: Int64.self)
        do throws(AnswerOrder.Fault) {
            guard wsgi_is_part_of_file(descriptor, offset, length) else { throw .file }
            try order.take(bytes: length)
        } catch {
            group.access.closeForeign(descriptor)
            throw .invalid(error)
        }
        guard sink.holdFile(descriptor, offset: offset, length: length) else { throw .system(ENOMEM) }
    }

    /// Closes the connection after the client has disconnected, so that the application's next write ends the request.
    private func abandon(_ reader: inout FrameReader) -> Attempt {
        reader.poison()
        return .answered(.status(OK))
    }

    /// Reads from the client, because the application waits for the body, and sends the data to the worker.
    private mutating func answer(
        go wanted: UInt32, _ reader: inout FrameReader, _ order: inout AnswerOrder
    ) throws(DaemonConnection.Failure) {
        // The encoded request is not needed again: the application has been entered.
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
            order.bodyEnded()
            unsafe scratch.pointee.request.reset()
            let kind: Frame.Kind = count == 0 ? .bodyEnd : .abort
            let detail = UInt16(truncatingIfNeeded: -count)
            unsafe Frame.append(Frame.Header(kind: kind, length: 0, detail: detail), to: &scratch.pointee.request)
            if count < 0 { unsafe logBodyFailure(Int64(count), of: r) }
        }
        try unsafe reader.send(scratch.pointee.request.bytes)
    }
}
