internal import CEngineABI
internal import CHTTPD
internal import CSystem
internal import ProcessKit
internal import WSGIConfig
internal import WSGICore
internal import WSGIWire

/// Serves one request in this httpd child through the engine's entry table.
@safe struct EmbeddedHandler: ~Copyable {
    private let r: Request
    private var body: ClientBody
    private var sink: ResponseSink
    /// A small block that has not been sent. It is sent with the next one, or with the end of the response.
    private var pending = ByteBuffer(capacity: 64)

    /// Blocks up to this size wait for the next one if the application reports that it follows at once.
    private static let largestPending = 16 << 10

    /// Runs the request.
    static func run(
        _ r: Request, _ facts: RequestFacts, _ engine: UnsafePointer<wsgi_engine_entry_table_t>,
        _ scratch: UnsafeMutablePointer<Scratch>, _ measure: inout RequestMeasure
    ) -> HandlerResult {
        unsafe RequestEncoder.encode(r, facts, inlineBody: 0, into: &scratch.pointee.request)
        unsafe LogVariables.set(r, facts)
        var handler = unsafe EmbeddedHandler(r, ResponsePolicy(facts.effective.settings))
        let head = unsafe scratch.pointee.request.bytes
        let start = wsgi_monotonic_nanoseconds()
        unsafe scratch.pointee.embedded.begin(head, at: start)
        let outcome = unsafe withUnsafeMutablePointer(to: &handler) { handler in
            unsafe RequestLog.lend(r) { log in
                var context = unsafe TransportContext(handler: handler, log: log)
                return unsafe withUnsafeMutablePointer(to: &context) { context in
                    var transport = unsafe wsgi_transport(
                        context: context, read_body: embeddedReadBody, send_hints: embeddedSendHints,
                        send_head: embeddedSendHead, send_data: embeddedSendData, send_file: embeddedSendFile,
                        log: embeddedLog,
                        request: facts.effective.settings.passApacheRequest ? UnsafeMutableRawPointer(r) : nil)
                    return unsafe engine.pointee.run(
                        head.baseAddress?.assumingMemoryBound(to: UInt8.self), head.count, &transport)
                }
            }
        }
        // The application has forked, and this is not the process that received the request.
        if CurrentProcess.isForked { CurrentProcess.exitAtOnce(1) }
        let result = handler.end(outcome)
        unsafe scratch.pointee.embedded.end()
        measure.ran(since: start, reading: handler.body.reading, handler.body, handler.sink)
        return result
    }

    private init(_ r: Request, _ policy: ResponsePolicy) {
        unsafe self.r = r
        body = unsafe ClientBody(of: r)
        sink = unsafe ResponseSink(of: r, policy)
    }

    private mutating func end(_ outcome: Int32) -> HandlerResult {
        switch outcome {
        case WSGI_OUTCOME_COMPLETE.rawValue:
            _ = unsafe sink.finish(pending.bytes)
            return sink.answer
        case WSGI_OUTCOME_SHORT.rawValue:
            unsafe sink.finishShort(pending.bytes)
            return sink.answer
        case 1...:
            return .status(outcome)
        default:
            if sink.isReplaced { return sink.answer }
            guard sink.isCommitted else { return .status(HTTP_INTERNAL_SERVER_ERROR) }
            sink.cut()
            return .status(OK)
        }
    }

    fileprivate mutating func readBody(_ buffer: UnsafeMutableRawPointer, _ capacity: Int) -> Int64 {
        let count = unsafe body.read(into: buffer, capacity: min(capacity, 1 << 20))
        if count < 0 { unsafe logBodyFailure(count, of: r) }
        return count
    }

    fileprivate mutating func sendHints(_ head: UnsafeRawBufferPointer) -> Int32 {
        do {
            return try unsafe sink.sendHints(head) ? 0 : WSGI_TRANSPORT_DISCONNECTED.rawValue
        } catch { return WSGI_TRANSPORT_INVALID.rawValue }
    }

    fileprivate mutating func sendHead(_ head: UnsafeRawBufferPointer) -> Int32 {
        // The adapter calls in the right order.
        var order = AnswerOrder(of: 0, bodyFollows: false)
        do { try unsafe sink.sendHead(head, &order) } catch { return WSGI_TRANSPORT_INVALID.rawValue }
        return 0
    }

    fileprivate mutating func sendData(_ data: UnsafeRawBufferPointer, flush: Bool) -> Int32 {
        if !flush, pending.count + data.count <= Self.largestPending {
            unsafe pending.append(data)
            return 0
        }
        if pending.count > 0 {
            let isThere = unsafe sink.sendData(pending.bytes, flush: false)
            pending.reset()
            guard isThere else { return WSGI_TRANSPORT_DISCONNECTED.rawValue }
        }
        return unsafe sink.sendData(data, flush: flush) ? 0 : WSGI_TRANSPORT_DISCONNECTED.rawValue
    }

    fileprivate mutating func sendFile(_ descriptor: Int32, _ offset: Int64, _ length: Int64) -> Int32 {
        let own = duplicateDescriptor(descriptor)
        guard own >= 0, sink.holdFile(own, offset: offset, length: length) else {
            return WSGI_TRANSPORT_FAILED.rawValue
        }
        return 0
    }
}

// MARK: - Functions of the transport, with the handler as their context

/// The object that the functions' context points to.
@safe private struct TransportContext {
    let handler: UnsafeMutablePointer<EmbeddedHandler>
    let log: RequestLog
}

private func withHandler<Result>(
    _ context: UnsafeMutableRawPointer?, _ fallback: Result, _ body: (inout EmbeddedHandler) -> Result
) -> Result {
    guard let context = unsafe context?.assumingMemoryBound(to: TransportContext.self) else { return fallback }
    return unsafe context.pointee.log.exclusively { unsafe body(&context.pointee.handler.pointee) }
}

private let embeddedReadBody: @convention(c) (UnsafeMutableRawPointer?, UnsafeMutablePointer<UInt8>?, Int) -> Int64 = {
    context, buffer, capacity in
    guard let buffer = unsafe buffer, capacity > 0 else { return 0 }
    return unsafe withHandler(context, Int64(WSGI_TRANSPORT_FAILED.rawValue)) { unsafe $0.readBody(buffer, capacity) }
}

private let embeddedSendHints: @convention(c) (UnsafeMutableRawPointer?, UnsafePointer<UInt8>?, Int) -> Int32 = {
    context, head, length in
    unsafe withHandler(context, WSGI_TRANSPORT_FAILED.rawValue) {
        unsafe $0.sendHints(UnsafeRawBufferPointer(start: head, count: length))
    }
}

private let embeddedSendHead: @convention(c) (UnsafeMutableRawPointer?, UnsafePointer<UInt8>?, Int) -> Int32 = {
    context, head, length in
    unsafe withHandler(context, WSGI_TRANSPORT_FAILED.rawValue) {
        unsafe $0.sendHead(UnsafeRawBufferPointer(start: head, count: length))
    }
}

private let embeddedSendData: @convention(c) (UnsafeMutableRawPointer?, UnsafePointer<UInt8>?, Int, Int32) -> Int32 = {
    context, data, length, flush in
    unsafe withHandler(context, WSGI_TRANSPORT_FAILED.rawValue) {
        unsafe $0.sendData(UnsafeRawBufferPointer(start: data, count: length), flush: flush != 0)
    }
}

private let embeddedSendFile: @convention(c) (UnsafeMutableRawPointer?, Int32, Int64, Int64) -> Int32 = {
    context, descriptor, offset, length in
    unsafe withHandler(context, WSGI_TRANSPORT_FAILED.rawValue) { $0.sendFile(descriptor, offset, length) }
}

private let embeddedLog: @convention(c) (UnsafeMutableRawPointer?, Int32, UnsafePointer<UInt8>?, Int) -> Void = {
    context, level, text, length in
    guard let context = unsafe context?.assumingMemoryBound(to: TransportContext.self) else { return }
    unsafe context.pointee.log.write(level, UnsafeRawBufferPointer(start: text, count: length))
}
