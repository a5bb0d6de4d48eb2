internal import CEngineABI
internal import CPython
internal import PythonRuntime
internal import WSGICore
internal import WSGIWire

/// The request that each application handles before its process serves others (`warmup=`): a transport that records the
/// status and discards the body.
struct Warmup {
    /// The context of the transport's functions.
    struct Context {
        let target: LogTarget
        var status = 0
    }

    private let script: ScriptSpec
    private let path: String
    private let query: String
    private let host: String

    init(_ script: ScriptSpec, _ spec: ProcessSpec) {
        self.script = script
        let parts = spec.warmup.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        path = String(parts[0])
        query = parts.count > 1 ? String(parts[1]) : ""
        host = spec.warmupHost.isEmpty ? "localhost" : spec.warmupHost
    }

    /// Runs the request, without the GIL. Returns the failure.
    func run(_ target: LogTarget) -> String? {
        var context = Context(target: target)
        var head = ByteBuffer(capacity: 1024)
        encode(into: &head)
        let outcome = unsafe withUnsafeMutablePointer(to: &context) { context in
            var transport = unsafe Self.functions(context)
            return unsafe WSGICall.run(head.bytes, &transport)
        }
        let name = "The application '\(script.callableObject)' of '\(script.path)'"
        switch outcome {
        case WSGI_OUTCOME_COMPLETE.rawValue where context.status < 500: return nil
        case WSGI_OUTCOME_COMPLETE.rawValue: return "\(name) responded with \(context.status) to warmup=\(path)."
        case WSGI_OUTCOME_TRUNCATED.rawValue, WSGI_OUTCOME_SHORT.rawValue:
            return "\(name) sent an incomplete response to warmup=\(path)."
        case let status: return status < 500 ? nil : "\(name) failed to answer warmup=\(path)."
        }
    }

    private var environ: [(String, String)] {
        let mountPoint = script.mountPoint ?? ""
        return [
            ("GATEWAY_INTERFACE", "CGI/1.1"), ("SERVER_PROTOCOL", "HTTP/1.1"), ("REQUEST_METHOD", "GET"),
            ("QUERY_STRING", query), ("REQUEST_URI", mountPoint + path + (query.isEmpty ? "" : "?" + query)),
            ("SCRIPT_NAME", mountPoint), ("PATH_INFO", path), ("SCRIPT_FILENAME", script.path),
            ("SERVER_NAME", host), ("SERVER_PORT", "80"), ("SERVER_ADDR", "127.0.0.1"), ("SERVER_SOFTWARE", "Apache"),
            ("REMOTE_ADDR", "127.0.0.1"), ("REMOTE_PORT", "0"), ("REQUEST_SCHEME", "http"), ("HTTP_HOST", host),
            ("HTTP_USER_AGENT", "mod_wsgi (warmup)"), ("mod_wsgi.application_group", script.applicationGroup),
            ("mod_wsgi.callable_object", script.callableObject),
        ]
    }

    private func encode(into buffer: inout ByteBuffer) {
        let now = wsgi_wall_clock_microseconds()
        var head = RequestHeadEncoder(
            into: &buffer, contentLength: 0, scriptModified: 0, requestStart: now, queueStart: now)
        unsafe lend(script.path, script.applicationGroup, script.callableObject, "GET " + path) {
            path, group, name, line in
            unsafe head.strings(
                script: path, applicationGroup: group, callableObject: name,
                requestID: UnsafeRawBufferPointer(start: nil, count: 0), requestLine: line, into: &buffer)
        }
        for (key, value) in environ {
            unsafe lend(key, value, "", "") { key, value, _, _ in
                unsafe head.entry(key: key, value: value, into: &buffer)
            }
        }
        head.finish(flags: .ignoresActivity, into: &buffer)
    }

    private func lend(
        _ one: String, _ two: String, _ three: String, _ four: String,
        _ body: (
            UnsafeRawBufferPointer, UnsafeRawBufferPointer, UnsafeRawBufferPointer, UnsafeRawBufferPointer
        ) -> Void
    ) {
        let bytes = [one, two, three, four].map { Array($0.utf8) }
        unsafe bytes[0].withUnsafeBytes { one in
            unsafe bytes[1].withUnsafeBytes { two in
                unsafe bytes[2].withUnsafeBytes { three in
                    unsafe bytes[3].withUnsafeBytes { unsafe body(one, two, three, $0) }
                }
            }
        }
    }

    private static func functions(_ context: UnsafeMutablePointer<Context>) -> wsgi_transport {
        unsafe wsgi_transport(
            context: UnsafeMutableRawPointer(context),
            read_body: { _, _, _ in 0 },
            send_hints: { _, _, _ in 0 },
            send_head: { context, head, length in
                let bytes = unsafe UnsafeRawBufferPointer(start: head, count: length)
                let status = unsafe (try? ResponseHead(bytes))?.status ?? 500
                unsafe context?.assumingMemoryBound(to: Context.self).pointee.status = status
                return 0
            },
            send_data: { _, _, _, _ in 0 },
            send_file: { _, _, _, _ in 0 },
            log: { context, level, text, length in
                let bytes = unsafe UnsafeRawBufferPointer(start: text, count: length)
                guard let context = unsafe context?.assumingMemoryBound(to: Context.self) else { return }
                unsafe context.pointee.target.write(wsgi_log_level(UInt32(bitPattern: level)), bytes)
            },
            request: nil)
    }
}

extension Warmup {
    /// Calls each imported application once, with GET and the path of `ProcessSpec.warmup`.
    ///
    /// Needs the GIL, in the thread state of `start`, after `importPreloads`. If an application raises or responds with
    /// 5xx, that is logged and the next one is called, unless `preloadsMustSucceed` is set.
    /// - Returns: The failure that ends the start, which is not logged.
    static func runAll() -> StartFailure? {
        guard let process = unsafe ProcessState.current, let thread = ThreadContext.current else { return nil }
        let spec = unsafe process.pointee.spec
        guard !spec.warmup.isEmpty else { return nil }
        let state = unsafe PyEval_SaveThread()
        defer { unsafe PyEval_RestoreThread(state) }
        var called: [ScriptSpec] = []
        for var script in spec.preloads where script.mountPoint != nil || !script.callableObject.isEmpty {
            if script.callableObject.isEmpty { script.callableObject = "application" }
            guard !called.contains(where: script.isSameApplication(as:)), isReady(script, thread) else { continue }
            called.append(script)
            let warmup = Warmup(script, spec)
            if spec.preloadsMustSucceed {
                if let failure = StartFailure.collecting(script, warmup.run) { return failure }
            } else if let message = warmup.run(.process) {
                LogTarget.process.write(
                    WSGI_LOG_ERR, .warmupFailed, "\(message) The process serves requests nevertheless.")
            }
        }
        return nil
    }

    /// Whether the application exists. If not, the import has logged that, or no request has used it yet.
    private static func isReady(_ script: ScriptSpec, _ thread: ThreadContext) -> Bool {
        Script.with(script, thread, .process) { entry, _ in
            var name = script.callableObject
            return entry.isLoaded && name.withUTF8 { unsafe entry.has(UnsafeRawBufferPointer($0)) }
        } ?? false
    }
}
