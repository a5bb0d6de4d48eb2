internal import CHTTPD
internal import WSGICore
internal import WSGIWire

/// One attempt: the request to a worker, and what the worker sends to the client.
extension DaemonHandler {
    mutating func attempt(_ claim: SlotChoice.Claim) -> Attempt {
        let connection: UnsafeMutablePointer<DaemonConnection>
        let secret = GroupSecrets.secret(of: group.index)
        if let idle = unsafe claim.slot.takeIdle(generation: claim.generation, secret: secret) {
            unsafe connection = idle
        } else {
            do {
                let made = try DaemonConnection.connect(
                    to: claim.slot.address, of: group.index, generation: claim.generation,
                    connectTimeout: group.connectTimeout, socketTimeout: group.socketTimeout, buffers: group.buffers)
                unsafe connection = UnsafeMutablePointer<DaemonConnection>.allocate(capacity: 1)
                unsafe connection.initialize(to: made)
            } catch {
                return connectFailed(error, claim)
            }
        }
        let number = unsafe connection.pointee.nextNumber()
        unsafe scratch.pointee.request.set(number, at: Frame.detailOffset)
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
        return unsafe receive(connection, claim, number)
    }

    private mutating func receive(
        _ connection: UnsafeMutablePointer<DaemonConnection>, _ claim: SlotChoice.Claim, _ number: UInt16
    ) -> Attempt {
        var exchange = unsafe FrameReader(connection, scratch)
        do {
            let result = try frames(&exchange, of: number)
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
    private mutating func frames(
        _ reader: inout FrameReader, of number: UInt16
    ) throws(DaemonConnection.Failure) -> Attempt {
        while true {
            if sink.hasBacklog, !sink.holdsFile, !reader.hasBytes {
                reader.willPass(payloadLeft: 0)
                let isServed = sink.serveBacklog(worker: reader.descriptor, seconds: group.clientTimeout)
                reader.didPass()
                guard isServed else { return abandon(&reader) }
            }
            let header = try reader.header()
            guard header.detail == number else { return strayed(&reader) }
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
                let payload = try unsafe reader.payload(header.length)
                guard payload.count == Frame.statusSize else { return malformed(&reader) }
                let status = unsafe Int32(payload.loadUnaligned(as: UInt16.self))
                if header.flags & Frame.threadLost != 0 {
                    // The worker is being replaced; until then nobody is to wait for this thread.
                    reader.poison()
                    isThreadLost = true
                }
                return .answered(.status(sink.isCommitted ? cutOff() : status))
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
}
