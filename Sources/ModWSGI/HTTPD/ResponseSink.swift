internal import CHTTPD
internal import CSystem
internal import ProcessKit
internal import WSGIConfig
internal import WSGICore
internal import WSGIWire

/// Passes a response to httpd: status and headers into the request, the body through httpd's output filters.
///
/// Used on the request's thread only. Data is passed on without a copy, and must stay valid until the call returns.
@safe struct ResponseSink: ~Copyable {
    private let request: Request
    private let policy: ResponsePolicy
    private let brigade: UnsafeMutablePointer<apr_bucket_brigade>
    /// Data that waits for a slow client. Used for responses of workers only.
    private var backlog: ClientBacklog
    /// The connection's timeout before it was changed for this response, in microseconds. -1 if it was not changed.
    private var formerTimeout: Int64 = -1
    /// The number of bytes appended since the brigade was last passed on.
    private var appended = 0
    /// The result that replaces the application's response, whose body is then dropped.
    private var replacement: HandlerResult?
    /// The number of bytes of the body that the application has sent.
    private var given: Int64 = 0
    /// The length of the body that the application has declared. -1 if it has not.
    private var declared: Int64 = -1
    /// The time that passing data on has taken, in nanoseconds.
    private(set) var writing: UInt64 = 0
    /// When data was last passed on, in nanoseconds. 0 if none was.
    private(set) var passedAt: UInt64 = 0
    /// Whether a brigade has been passed on.
    private var hasPassed = false
    /// Set when the response to HEAD was sent before the end of the application's body: the time until which the
    /// application may continue.
    private var headDeadline: Instant?

    /// How long an application may continue with the body after the response to HEAD, in seconds. Nothing more is
    /// written to the client, so its disconnect would go unnoticed.
    private static let headPatience = 1
    /// Whether data has been passed to the filters. From then on the status cannot change.
    private(set) var isCommitted = false
    /// Whether status and headers have been set.
    private(set) var hasHead = false
    /// Whether the body is a file that is kept until the end of the response, as httpd serves ranges only of a body
    /// that it has as a whole.
    private(set) var holdsFile = false

    /// A sink for a new response.
    init(of request: Request, _ policy: ResponsePolicy) {
        unsafe self.request = request
        self.policy = policy
        unsafe brigade = chttpd_brigade(request)
        backlog = unsafe ClientBacklog(of: request, limit: policy.largestBacklog)
    }

    deinit { if formerTimeout >= 0 { unsafe _ = chttpd_set_client_timeout(request, formerTimeout) } }

    /// The reason why a head was rejected.
    enum HeadError: Error {
        /// It violates the protocol between worker and module.
        case invalid(AnswerOrder.Fault)
        /// A header of the given number of bytes is longer than `header-buffer-size`.
        case headerTooLong(Int)
    }

    /// Sets status and headers. They are sent to the client with the first data, or at the end.
    ///
    /// - Parameter order: Checks status and declared length before the head takes effect.
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

    /// Facts about the headers that are needed before the first of them is set.
    @safe private struct HeaderFacts {
        /// The length of the longest header in bytes.
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
        // No `100 Continue` once the response has begun (PEP 3333).
        unsafe chttpd_respond_instead_of_100(request)
    }

    /// Sends an interim response (RFC 8297). Not sent to HTTP/1.0 clients.
    ///
    /// - Returns: false if the client has disconnected.
    mutating func sendHints(_ encoded: UnsafeRawBufferPointer) throws(WireError) -> Bool {
        var head = try unsafe ResponseHead(encoded)
        guard head.status == 103 else { throw .invalid("status") }
        guard !hasHead, unsafe request.pointee.proto_num >= 1001 else { return true }
        let pool = unsafe request.pointee.pool
        let (status, line, headers) = unsafe (
            request.pointee.status, request.pointee.status_line, request.pointee.headers_out
        )
        // ap_send_interim_response uses status and headers of the request, and does not remove them.
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
            // httpd checks the headers of a final response, but not these.
            guard unsafe HeaderRules.isHarmless(name, value) else {
                throw .invalid("header")
            }
            unsafe apr_table_addn(request.pointee.headers_out, string(name, pool), string(value, pool))
        }
        unsafe ap_send_interim_response(request, 1)
        return unsafe !chttpd_aborted(request.pointee.connection)
    }

    /// `WSGIErrorOverride`: httpd makes the response. Only `WWW-Authenticate` is kept.
    private mutating func replaceByErrorDocument(_ head: ResponseHead) {
        unsafe forEachHeader(of: head) { name, value in
            if unsafe equals(name, "WWW-Authenticate") { unsafe setHeader(name, value, request.pointee.pool) }
        }
        // httpd has no text for an unregistered status.
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

    /// Whether httpd's response replaces the application's.
    var isReplaced: Bool { replacement != nil }

    /// The handler's result, once the whole body has been passed on or dropped.
    var answer: HandlerResult { replacement ?? .status(OK) }

    /// Keeps a block of the body for the next call, which must come before the block's memory is reused.
    mutating func append(_ data: UnsafeRawBufferPointer) {
        guard replacement == nil, headDeadline == nil else { return }
        guard let start = data.baseAddress, data.count > 0 else { return }
        given = given &+ Int64(data.count)
        unsafe chttpd_append_transient(brigade, start, data.count)
        appended = appended &+ data.count
    }

    /// Passes on a block of the body. `flush`: it must be sent to the client now.
    ///
    /// - Returns: false if the client has disconnected.
    mutating func sendData(_ data: UnsafeRawBufferPointer, flush: Bool) -> Bool {
        guard replacement == nil else { return unsafe !chttpd_aborted(request.pointee.connection) }
        if let headDeadline { return headDeadline.millisecondsLeft > 0 }
        unsafe append(data)
        guard flush else { return pass() }
        unsafe chttpd_append_flush(brigade)
        guard unsafe request.pointee.header_only != 0, declared < 0 else { return pass() }
        // httpd sends the response to HEAD at the end of the stream, which may never come.
        guard pass() else { return false }
        unsafe chttpd_append_eos(brigade)
        guard pass() else { return false }
        unsafe chttpd_append_flush(brigade)
        guard pass() else { return false }
        headDeadline = Instant.now.adding(seconds: Self.headPatience)
        return true
    }

    // MARK: - A slow client

    /// Whether data waits for the client.
    var hasBacklog: Bool { !backlog.isEmpty }

    /// Passes on a block of a worker's response, or keeps it while the client does not take it.
    ///
    /// - Parameter worker: The connection to the worker.
    /// - Returns: false if the client has disconnected.
    mutating func offer(_ data: UnsafeRawBufferPointer, worker: Int32) -> Bool {
        if replacement != nil || headDeadline != nil || backlog.clientTakes(appended &+ data.count, worker: worker) {
            return unsafe sendData(data, flush: true)
        }
        isCommitted = true
        // The appended blocks are in memory into which the next ones will be received.
        unsafe backlog.add(brigade)
        appended = 0
        given = given &+ Int64(data.count)
        unsafe backlog.add(data)
        while backlog.isPortionDue() {
            guard relieve() else { return false }
        }
        return true
    }

    /// Takes a part of a regular file as the whole body. It is sent at the end of the response, and another response is
    /// possible until then. httpd owns the descriptor and closes it with the request.
    ///
    /// - Returns: false if that is not possible.
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

    /// Passes on the backlog as the client takes it, until the worker sends data.
    ///
    /// - Returns: false if the client has disconnected, or has taken nothing within the timeout.
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

    /// Passes on a portion of the backlog. Waits for the client if necessary.
    private mutating func relieve() -> Bool {
        unsafe backlog.takePortion(into: brigade)
        unsafe chttpd_append_flush(brigade)
        return pass()
    }

    /// Ends the response, optionally with a last block.
    mutating func finish(_ data: UnsafeRawBufferPointer = unsafe UnsafeRawBufferPointer(start: nil, count: 0)) -> Bool {
        guard replacement == nil, headDeadline == nil else { return true }
        unsafe backlog.takeAll(into: brigade)
        unsafe append(data)
        unsafe chttpd_append_eos(brigade)
        switch passAll() {
        case APR_SUCCESS: return unsafe !chttpd_aborted(request.pointee.connection)
        case AP_FILTER_ERROR: return true  // A filter has sent its own response.
        default:
            // A filter failed, for example because the file has been truncated.
            if unsafe !chttpd_aborted(request.pointee.connection) { cut() }
            return false
        }
    }

    /// Ends a response whose body is shorter than declared: cuts it off, unless a filter has replaced the body.
    mutating func finishShort(_ data: UnsafeRawBufferPointer = unsafe UnsafeRawBufferPointer(start: nil, count: 0)) {
        guard replacement == nil, headDeadline == nil else { return }
        let isEmpty = given == 0 && data.count == 0
        let shortfall = unsafe chttpd_judge_length(request, isEmpty)
        _ = unsafe finish(data)
        let isCut = unsafe shortfall?.pointee.is_cut == true
        // A proxy in front of httpd sends the file that one of these headers names.
        let isElsewhere =
            isEmpty
            // cold: text of a record
            && (["X-Accel-Redirect", "X-Sendfile", "X-Lighttpd-Send-File"] as [StaticString]).contains {
                unsafe apr_table_get(request.pointee.headers_out, literal($0)) != nil
            }
        unsafe Log.request(
            request, isCut && !isElsewhere ? .error : .debug, .responseShort,
            unsafe "The WSGI script '\(ModWSGI.string(request.pointee.filename))' declared a Content-Length of \(declared) but "
                + "returned \(given) bytes; \(isCut ? "the response is cut off" : "a filter replaced the body").")
    }

    /// Cuts off the response so that the client can detect it: no last chunk in HTTP/1.1, RST_STREAM in HTTP/2.
    mutating func cut() {
        guard headDeadline == nil else { return }
        unsafe chttpd_close_after(request.pointee.connection)
        unsafe backlog.takeAll(into: brigade)
        if unsafe !chttpd_is_empty(brigade) {
            // Flush separately: if nothing has been sent yet, httpd would treat the rest as a response of its own.
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
        let start = wsgi_monotonic_nanoseconds()
        let status = unsafe ap_pass_brigade(request.pointee.output_filters, brigade)
        unsafe apr_brigade_cleanup(brigade)
        passedAt = wsgi_monotonic_nanoseconds()
        writing = writing &+ (passedAt &- start)
        appended = 0
        return status
    }

    private func setHeader(_ name: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer, _ pool: Pool?) {
        let text = unsafe string(value, pool)
        if unsafe equals(name, "Content-Type") {
            unsafe ap_set_content_type(request, text)
        } else if unsafe equals(name, "Content-Length") {
            // `ap_set_content_length` sets it from the number in the head.
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

/// An empty text.
var emptyText: CText { unsafe literal("") }
