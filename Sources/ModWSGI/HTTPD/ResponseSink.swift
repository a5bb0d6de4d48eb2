internal import CHTTPD
internal import CSystem
internal import ProcessKit
internal import WSGIConfig
internal import WSGICore
internal import WSGIWire

/// The destination of a response: status and headers go into the request, the body through httpd's output filters.
///
/// Used on the request's thread only. Data is passed on without a copy, and must not change until the call returns.
@safe struct ResponseSink: ~Copyable {
    private let request: Request
    private let policy: ResponsePolicy
    private let brigade: UnsafeMutablePointer<apr_bucket_brigade>
    /// Data that waits for a slow client; used for responses of workers only.
    private var backlog: ClientBacklog
    /// The connection's timeout before this response changed it, in microseconds; -1: it was not changed.
    private var formerTimeout: Int64 = -1
    /// Number of bytes appended since data was last passed on.
    private var appended = 0
    /// The result if httpd responds instead of the application, whose body is discarded.
    private var replacement: HandlerResult?
    /// Number of body bytes that the application has returned, and that it has declared; -1: not declared.
    private var given: Int64 = 0
    private var declared: Int64 = -1
    /// Whether data has been passed on.
    private var hasPassed = false
    /// HEAD was answered before the application has finished its body: the time until which that may continue.
    private var answered: Instant?

    /// Seconds for which an application may continue its body after HEAD was answered. Nothing is written to the client
    /// that would show whether it has disconnected.
    private static let headPatience = 1
    /// Whether data has reached the filters: the status can no longer change.
    private(set) var isCommitted = false
    /// Whether status and headers have been set.
    private(set) var hasHead = false
    /// Whether the body is a file that waits for the end of the response: httpd serves ranges of complete files only.
    private(set) var holdsFile = false

    /// An empty sink.
    init(of request: Request, _ policy: ResponsePolicy) {
        unsafe self.request = request
        self.policy = policy
        unsafe brigade = chttpd_brigade(request)
        backlog = unsafe ClientBacklog(of: request, limit: policy.largestBacklog)
    }

    deinit { if formerTimeout >= 0 { unsafe _ = chttpd_set_client_timeout(request, formerTimeout) } }

    /// The reason why a head was rejected.
    enum HeadError: Error {
        /// Invalid data that no correct worker sends.
        case invalid(AnswerOrder.Fault)
        /// A header of this length exceeds `header-buffer-size`.
        case headerTooLong(Int)
    }

    /// Sets status and headers. They are sent to the client with the first data, or at the end.
    ///
    /// - Parameter order: Receives status and declared length before the head is applied.
    mutating func sendHead(_ encoded: UnsafeRawBufferPointer, _ order: inout AnswerOrder) throws(HeadError) {
        let (head, facts) = try unsafe inspect(encoded)
        do { try order.take(status: head.status, contentLength: head.contentLength) } catch { throw .invalid(error) }
        if policy.longestHeader > 0, facts.longest > policy.longestHeader { throw .headerTooLong(facts.longest) }
        hasHead = true
        if policy.overridesErrors, head.status >= 400 {
            replaceByErrorDocument(head)
        } else if let location = unsafe facts.location, head.status == 200 {
            // RFC 3875, 6.2.2: another resource of this server.
            unsafe replacement = .redirect(location)
        } else {
            takeOver(head)
        }
    }

    /// Facts about the headers, needed before the first is applied.
    @safe private struct HeaderFacts {
        /// The length of the longest header.
        var longest = 0
        /// The Location, if it is a path.
        var location: CText?
    }

    private func inspect(_ encoded: UnsafeRawBufferPointer) throws(HeadError) -> (ResponseHead, HeaderFacts) {
        do throws(WireError) {
            let head = try unsafe ResponseHead(encoded)
            var rest = head
            var facts = HeaderFacts()
            for _ in 0..<head.headerCount {
                let (name, value) = try unsafe rest.nextHeader()
                if policy.isForeign, unsafe !HeaderRules.isHarmless(name, value) { throw .invalid("header") }
                facts.longest = max(facts.longest, name.count &+ 2 &+ value.count)
                if unsafe value.first == UInt8(ascii: "/") && equals(name, "Location") {
                    unsafe facts.location = unsafe UnsafePointer(string(value, request.pointee.pool))
                }
            }
            return (head, facts)
        } catch { throw .invalid(.head) }
    }

    private mutating func takeOver(_ head: ResponseHead) {
        let pool = unsafe request.pointee.pool
        unsafe request.pointee.status = Int32(truncatingIfNeeded: head.status)
        unsafe request.pointee.status_line = UnsafePointer(string(head.statusLine, pool))
        unsafe forEachHeader(of: head) { name, value in unsafe setHeader(name, value, pool) }
        declared = head.contentLength
        if head.contentLength >= 0 { unsafe ap_set_content_length(request, apr_off_t(head.contentLength)) }
        // PEP 3333 does not allow an interim response after the response has begun.
        unsafe chttpd_answer_instead_of_100(request)
    }

    /// Sends an interim response (RFC 8297). Not sent to HTTP/1.0 clients.
    ///
    /// - Returns: False if the client has disconnected.
    mutating func sendHints(_ encoded: UnsafeRawBufferPointer) throws(WireError) -> Bool {
        var head = try unsafe ResponseHead(encoded)
        guard head.status == 103 else { throw .invalid("status") }
        guard !hasHead, unsafe request.pointee.proto_num >= 1001 else { return true }
        let pool = unsafe request.pointee.pool
        let (status, line, headers) = unsafe (
            request.pointee.status, request.pointee.status_line, request.pointee.headers_out
        )
        // ap_send_interim_response sends the headers that are set in the request, and leaves them there.
        unsafe request.pointee.headers_out = apr_table_make(pool, 4)
        unsafe request.pointee.status = Int32(truncatingIfNeeded: head.status)
        unsafe request.pointee.status_line = UnsafePointer(string(head.statusLine, pool))
        defer {
            unsafe request.pointee.status = status
            unsafe request.pointee.status_line = unsafe line
            unsafe request.pointee.headers_out = unsafe headers
        }
        for _ in 0..<head.headerCount {
            let (name, value) = try unsafe head.nextHeader()
            // httpd validates final responses, but not interim ones.
            guard unsafe HeaderRules.isHarmless(name, value) else {
                throw .invalid("header")
            }
            unsafe apr_table_addn(request.pointee.headers_out, string(name, pool), string(value, pool))
        }
        unsafe ap_send_interim_response(request, 1)
        return unsafe !chttpd_aborted(request.pointee.connection)
    }

    /// `WSGIErrorOverride`: httpd sends the response; only headers that request credentials are kept.
    private mutating func replaceByErrorDocument(_ head: ResponseHead) {
        unsafe forEachHeader(of: head) { name, value in
            if unsafe equals(name, "WWW-Authenticate") { unsafe setHeader(name, value, request.pointee.pool) }
        }
        // httpd has no reason phrase for unregistered statuses.
        unsafe request.pointee.status_line = unsafe UnsafePointer(string(head.statusLine, request.pointee.pool))
        replacement = .status(Int32(truncatingIfNeeded: head.status))
    }

    @inline(__always)
    private func forEachHeader(
        of head: ResponseHead, _ body: (UnsafeRawBufferPointer, UnsafeRawBufferPointer) -> Void
    ) {
        var rest = head
        for _ in 0..<head.headerCount {
            guard let (name, value) = unsafe try? rest.nextHeader() else { return }
            unsafe body(name, value)
        }
    }

    /// Whether the client receives the body: the method is not HEAD.
    var wantsBody: Bool { unsafe request.pointee.header_only == 0 }

    /// Whether httpd responds instead of the application.
    var isReplaced: Bool { replacement != nil }

    /// The outcome of the request, whose body has been passed on or discarded.
    var answer: HandlerResult { replacement ?? .status(OK) }

    /// Keeps a block of the body for the next call, which must be made before its memory is reused.
    mutating func append(_ data: UnsafeRawBufferPointer) {
        guard replacement == nil, answered == nil else { return }
        guard let start = data.baseAddress, data.count > 0 else { return }
        given = given &+ Int64(data.count)
        unsafe chttpd_append_transient(brigade, start, data.count)
        appended = appended &+ data.count
    }

    /// Passes on a block of the body. `flush`: send it to the client now.
    ///
    /// - Returns: False if the client has disconnected.
    mutating func sendData(_ data: UnsafeRawBufferPointer, flush: Bool) -> Bool {
        guard replacement == nil else { return unsafe !chttpd_aborted(request.pointee.connection) }
        if let answered { return answered.millisecondsLeft > 0 }
        unsafe append(data)
        guard flush else { return pass() }
        unsafe chttpd_append_flush(brigade)
        guard unsafe request.pointee.header_only != 0, declared < 0 else { return pass() }
        // httpd sends the head of a response to HEAD at the end, and the stream may never end.
        guard pass() else { return false }
        unsafe chttpd_append_eos(brigade)
        guard pass() else { return false }
        unsafe chttpd_append_flush(brigade)
        guard pass() else { return false }
        answered = Instant.now.adding(seconds: Self.headPatience)
        return true
    }

    // MARK: - A slow client

    /// Whether data waits for the client.
    var hasBacklog: Bool { !backlog.isEmpty }

    /// Passes on a block of a worker's response, or keeps it while the client does not accept it.
    ///
    /// - Parameter worker: The connection to the worker.
    /// - Returns: False if the client has disconnected.
    mutating func offer(_ data: UnsafeRawBufferPointer, worker: Int32) -> Bool {
        if replacement != nil || answered != nil || backlog.clientTakes(appended &+ data.count, worker: worker) {
            return unsafe sendData(data, flush: true)
        }
        isCommitted = true
        // Earlier blocks are in memory that the next ones will be received into.
        unsafe backlog.add(brigade)
        appended = 0
        given = given &+ Int64(data.count)
        unsafe backlog.add(data)
        while backlog.isPortionDue() {
            guard relieve() else { return false }
        }
        return true
    }

    /// Accepts a part of a regular file as the whole body. It is sent at the end of the response; until then another response
    /// is possible. The descriptor becomes httpd's, and is closed with the request.
    ///
    /// - Returns: False if that is not possible.
    mutating func holdFile(_ descriptor: Int32, offset: Int64, length: Int64) -> Bool {
        guard replacement == nil else {
            closeDescriptor(descriptor)
            return true
        }
        holdsFile = true
        given = given &+ length
        let sendfile = policy.usesSendfile == .on || policy.usesSendfile == .auto && wsgi_is_on_local_disk(descriptor)
        return backlog.addFile(descriptor, offset: offset, length: length, sendfile: sendfile)
    }

    /// Passes on data that the client accepts, until the worker has sent more.
    ///
    /// - Returns: False if the client has disconnected, or has accepted nothing for too long.
    mutating func serveBacklog(worker: Int32, seconds: Int) -> Bool {
        while !backlog.isEmpty {
            switch backlog.wait(worker: worker, seconds: seconds) {
            case .worker: return true
            case .client: guard relieve() else { return false }
            case .timeout: return false
            }
        }
        return true
    }

    /// Passes on a portion of the backlog; waits for the client if necessary.
    private mutating func relieve() -> Bool {
        unsafe backlog.takePortion(into: brigade)
        unsafe chttpd_append_flush(brigade)
        return pass()
    }

    /// Ends the response, with the last block if there is one.
    mutating func finish(_ data: UnsafeRawBufferPointer = unsafe UnsafeRawBufferPointer(start: nil, count: 0)) -> Bool {
        guard replacement == nil, answered == nil else { return true }
        unsafe backlog.takeAll(into: brigade)
        unsafe append(data)
        unsafe chttpd_append_eos(brigade)
        switch passAll() {
        case APR_SUCCESS: return unsafe !chttpd_aborted(request.pointee.connection)
        case AP_FILTER_ERROR: return true  // A filter has responded instead.
        default:
            // A filter failed: the file has become shorter, for example.
            if unsafe !chttpd_aborted(request.pointee.connection) { cut() }
            return false
        }
    }

    /// Ends a response whose body is shorter than declared: cuts it off, unless a filter has replaced the body.
    mutating func finishShort(_ data: UnsafeRawBufferPointer = unsafe UnsafeRawBufferPointer(start: nil, count: 0)) {
        guard replacement == nil, answered == nil else { return }
        let isEmpty = given == 0 && data.count == 0
        let shortfall = unsafe chttpd_judge_length(request, isEmpty)
        _ = unsafe finish(data)
        let isCut = unsafe shortfall?.pointee.is_cut == true
        // A proxy in front of httpd sends the file that one of these names.
        let isElsewhere =
            isEmpty
            && (["X-Accel-Redirect", "X-Sendfile", "X-Lighttpd-Send-File"] as [StaticString]).contains {
                unsafe apr_table_get(request.pointee.headers_out, literal($0)) != nil
            }
        unsafe Log.request(
            request, isCut && !isElsewhere ? .error : .debug, .responseShort,
            unsafe "The WSGI script '\(ModWSGI.string(request.pointee.filename))' declared a Content-Length of \(declared) but "
                + "returned \(given) bytes; \(isCut ? "the response is cut off" : "a filter has replaced the body").")
    }

    /// Cuts the response off so that the client notices: no last chunk in HTTP/1.1, RST_STREAM in HTTP/2.
    mutating func cut() {
        guard answered == nil else { return }
        unsafe chttpd_close_after(request.pointee.connection)
        unsafe backlog.takeAll(into: brigade)
        if unsafe !chttpd_is_empty(brigade) {
            // Separately: if nothing was sent yet, httpd would treat the rest as its own response.
            unsafe chttpd_append_flush(brigade)
            _ = pass()
        }
        unsafe chttpd_append_cut(brigade, request)
        unsafe chttpd_append_eos(brigade)
        _ = pass()
    }

    private mutating func pass() -> Bool {
        let status = passAll()
        return unsafe status == APR_SUCCESS && !chttpd_aborted(request.pointee.connection)
    }

    private mutating func passAll() -> apr_status_t {
        if policy.clientTimeout > 0, formerTimeout < 0 {
            formerTimeout = unsafe chttpd_set_client_timeout(request, Int64(policy.clientTimeout) &* 1_000_000)
        }
        if !hasPassed { unsafe chttpd_limit_ranges(request) }
        hasPassed = true
        isCommitted = true
        let status = unsafe ap_pass_brigade(request.pointee.output_filters, brigade)
        unsafe apr_brigade_cleanup(brigade)
        appended = 0
        return status
    }

    private func setHeader(_ name: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer, _ pool: Pool?) {
        let text = unsafe string(value, pool)
        if unsafe equals(name, "Content-Type") {
            unsafe ap_set_content_type(request, text)
        } else if unsafe equals(name, "Content-Length") {
            // Written by `ap_set_content_length`, from the number in the head.
        } else if unsafe equals(name, "WWW-Authenticate") {
            unsafe apr_table_addn(request.pointee.err_headers_out, string(name, pool), text)
        } else {
            unsafe apr_table_addn(request.pointee.headers_out, string(name, pool), text)
        }
    }

    private func string(_ bytes: UnsafeRawBufferPointer, _ pool: Pool?) -> UnsafeMutablePointer<CChar>? {
        unsafe apr_pstrmemdup(
            pool, bytes.baseAddress?.assumingMemoryBound(to: CChar.self) ?? emptyText, apr_size_t(bytes.count))
    }

    private func equals(_ name: UnsafeRawBufferPointer, _ literal: StaticString) -> Bool {
        guard name.count == literal.utf8CodeUnitCount, let start = name.baseAddress else { return false }
        return unsafe strncasecmp(
            start.assumingMemoryBound(to: CChar.self),
            UnsafeRawPointer(literal.utf8Start).assumingMemoryBound(to: CChar.self), name.count) == 0
    }
}

/// The empty text.
var emptyText: CText { unsafe literal("") }
