internal import CEngineABI
internal import CHTTPD
internal import CSystem
internal import ProcessKit
internal import WSGIConfig
internal import WSGICore
internal import WSGIWire

/// The result of a function of a hook script. Texts are in the request's pool.
@safe enum HookResult {
    /// The function raised an exception or could not be called. The reason is logged.
    case failed
    /// The script has no such function.
    case missing
    /// The function returned a value of this type, which is not allowed.
    case invalid(String)
    case none
    case boolean(Bool)
    case text(CText)
    case items([CText])
}

/// A function of a hook script: its arguments after the environ, and the types that it may return.
@safe struct HookFunction {
    let name: StaticString
    var arguments: [CText?] = unsafe []
    var kinds: [wsgi_result_kinds]

    var argumentCount: Int { unsafe arguments.count }
}

/// A call of functions of a hook script (`WSGIAccessScript` and others) in this child's Python.
///
/// Lives on the request's thread while its hook runs.
@safe struct HookScriptCall {
    /// The contents of the functions' environ.
    enum Environ {
        /// The request as the client sent it, with `mod_ssl.*`.
        case client
        /// The environ that an application would get.
        case application
    }

    fileprivate let r: Request
    fileprivate var texts: [(functionCall: Int, text: CText)] = unsafe []

    /// Calls functions of a script one after the other with the same environ. Entries that they add to it become
    /// environment variables of the request.
    ///
    /// - Returns: An answer for each function. After a failure or an invalid answer, all further answers are `failed`.
    ///   `nil`, with the reason logged, if there is no Python.
    static func call(
        _ r: Request, _ script: HookScript, _ facts: RequestFacts, _ environ: Environ, _ functions: [HookFunction]
    ) -> [HookResult]? {
        guard let engine = unsafe EmbeddedPlan.current?.engine() else {
            unsafe Log.request(
                r, .error, .embeddedUnavailable,
                "Python could not be started in this httpd process, so '\(script.path.string)' (\(script.location)) "
                    + "cannot be called; an earlier message in the error log gives the reason.")
            return nil
        }
        let scratch = unsafe ScratchPool.take()
        defer { unsafe ScratchPool.give(scratch) }
        guard unsafe encode(r, script, facts, environ, scratch) else {
            unsafe Log.request(
                r, .error, .groupUnknown,
                "The application group of '\(script.path.string)' is longer than \(Scratch.longestName) bytes.")
            return nil
        }
        var call = unsafe HookScriptCall(r: r)
        return unsafe withFunctionCalls(functions, r.pointee.pool) { calls in
            unsafe call.run(
                engine, scratch.pointee.request.bytes, calls, hasSSL: environ.hasSSL,
                passesRequest: facts.effective.settings.passApacheRequest)
            return calls.indices.map { unsafe call.answer(to: $0, calls[$0]) }
        }
    }

    /// Encodes the head. Returns false if a name does not fit.
    private static func encode(
        _ r: Request, _ script: HookScript, _ facts: RequestFacts, _ environ: Environ,
        _ scratch: UnsafeMutablePointer<Scratch>
    ) -> Bool {
        let room = unsafe scratch.pointee.name(0)
        guard let length = unsafe script.applicationGroup.write(for: ExpansionFacts(r), into: room),
            let path = unsafe script.path.withBytes({ path in
                unsafe apr_pstrmemdup(
                    r.pointee.pool, path.baseAddress?.assumingMemoryBound(to: CChar.self), apr_size_t(path.count))
            })
        else { return false }
        let reloads = facts.effective.settings.scriptReloading != .off
        var facts = facts
        unsafe facts.script = bytes(of: path)
        unsafe facts.applicationGroup = UnsafeRawBufferPointer(rebasing: room[..<length])
        unsafe facts.callableObject = unsafe UnsafeRawBufferPointer(start: nil, count: 0)
        facts.flags = reloads ? .scriptReloading : []
        facts.scriptModified = unsafe reloads ? max(0, wsgi_file_modified(path)) : 0
        switch environ {
        case .client: unsafe RequestEncoder.encodeForHook(r, facts, into: &scratch.pointee.request)
        case .application: unsafe RequestEncoder.encode(r, facts, inlineBody: 0, into: &scratch.pointee.request)
        }
        return true
    }

    /// Passes `body` the descriptions of the functions for the engine. They are valid during the call.
    private static func withFunctionCalls<Result>(
        _ functions: [HookFunction], _ pool: Pool?, _ body: (UnsafeMutableBufferPointer<wsgi_function_call>) -> Result
    ) -> Result {
        let arguments = functions.reduce(0) { $0 + $1.argumentCount }
        return unsafe withUnsafeTemporaryAllocation(of: wsgi_text.self, capacity: max(arguments, 1)) { texts in
            unsafe withUnsafeTemporaryAllocation(of: wsgi_function_call.self, capacity: functions.count) { calls in
                var next = 0
                for (index, function) in functions.enumerated() {
                    let first = next
                    for argument in 0..<function.argumentCount {
                        unsafe texts.initializeElement(at: next, to: text(bytes(of: function.arguments[argument])))
                        next += 1
                    }
                    unsafe calls.initializeElement(
                        at: index,
                        to: wsgi_function_call(
                            function: text(bytes(of: function.name)),
                            arguments: texts.baseAddress.map { unsafe $0 + first },
                            argument_count: next - first,
                            kinds: function.kinds.reduce(0) { $0 | $1.rawValue },
                            result: WSGI_RESULT_FAILED.rawValue))
                }
                return unsafe body(calls)
            }
        }
    }

    private static func text(_ bytes: UnsafeRawBufferPointer) -> wsgi_text {
        unsafe wsgi_text(start: bytes.baseAddress?.assumingMemoryBound(to: UInt8.self), length: bytes.count)
    }

    private mutating func run(
        _ engine: UnsafePointer<wsgi_engine_entry_table_t>, _ head: UnsafeRawBufferPointer,
        _ calls: UnsafeMutableBufferPointer<wsgi_function_call>, hasSSL: Bool, passesRequest: Bool
    ) {
        let request = unsafe passesRequest ? UnsafeMutableRawPointer(r) : nil
        let r = unsafe r
        unsafe withUnsafeMutablePointer(to: &self) { call in
            unsafe RequestLog.lend(r) { log in
                var context = unsafe TransportContext(call: call, log: log)
                unsafe withUnsafeMutablePointer(to: &context) { context in
                    var transport = unsafe wsgi_transport(
                        context: context, read_body: nil, send_hints: nil, send_head: nil, send_data: nil,
                        send_file: nil,
                        log: hookLog, request: request)
                    var functions = unsafe wsgi_call_functions(
                        answer_text: hookText, added_entry: hookEntry, is_https: hasSSL ? hookIsHTTPS : nil,
                        ssl_variable: hasSSL ? hookVariable : nil)
                    unsafe engine.pointee.call(
                        head.baseAddress?.assumingMemoryBound(to: UInt8.self), head.count, &transport, &functions,
                        calls.baseAddress, calls.count)
                }
            }
        }
        if CurrentProcess.isForked { CurrentProcess.exitAtOnce(1) }
    }

    private func answer(to index: Int, _ functionCall: wsgi_function_call) -> HookResult {
        let mine = unsafe texts.filter { unsafe $0.functionCall == index }
        let kind = unsafe wsgi_result(rawValue: functionCall.result)
        switch kind {
        case WSGI_RESULT_MISSING: return .missing
        case WSGI_RESULT_WRONG: return unsafe .invalid(string(mine.last?.text))
        case WSGI_RESULT_NONE: return .none
        case WSGI_RESULT_TRUE: return .boolean(true)
        case WSGI_RESULT_FALSE: return .boolean(false)
        case WSGI_RESULT_TEXT: return unsafe mine.last.map { unsafe .text($0.text) } ?? .failed
        case WSGI_RESULT_ITEMS: return unsafe .items(mine.map { unsafe $0.text })
        default: return .failed
        }
    }

    // MARK: - Callbacks of the engine

    fileprivate mutating func add(_ functionCall: Int, _ text: UnsafePointer<UInt8>?, _ length: Int) {
        guard let text = unsafe copy(wsgi_text(start: text, length: length)) else { return }
        unsafe texts.append((functionCall, text))
    }

    fileprivate func setVariable(_ key: wsgi_text, _ value: wsgi_text) {
        guard let key = unsafe copy(key), let value = unsafe copy(value) else { return }
        unsafe apr_table_setn(r.pointee.subprocess_env, key, value)
    }

    private func copy(_ text: wsgi_text) -> CText? {
        guard let start = unsafe text.start else { return nil }
        return unsafe UnsafePointer(
            apr_pstrmemdup(
                r.pointee.pool, UnsafeRawPointer(start).assumingMemoryBound(to: CChar.self), apr_size_t(text.length)))
    }
}

extension HookScriptCall.Environ {
    fileprivate var hasSSL: Bool {
        if case .client = self { true } else { false }
    }
}

extension DirectorySettings {
    /// Whether there is a hook script, which runs in httpd's children even if the applications run in daemon processes.
    var hasHooks: Bool {
        accessScript != nil || authUserScript != nil || authGroupScript != nil || dispatchScript != nil
    }
}

/// The object that the functions' context points to.
@safe private struct TransportContext {
    let call: UnsafeMutablePointer<HookScriptCall>
    let log: RequestLog
}

private func withCall<Result>(
    _ context: UnsafeMutableRawPointer?, _ fallback: Result, _ body: (inout HookScriptCall) -> Result
) -> Result {
    guard let context = unsafe context?.assumingMemoryBound(to: TransportContext.self) else { return fallback }
    return unsafe context.pointee.log.exclusively { unsafe body(&context.pointee.call.pointee) }
}

private let hookLog: @convention(c) (UnsafeMutableRawPointer?, Int32, UnsafePointer<UInt8>?, Int) -> Void = {
    context, level, text, length in
    guard let context = unsafe context?.assumingMemoryBound(to: TransportContext.self) else { return }
    unsafe context.pointee.log.write(level, UnsafeRawBufferPointer(start: text, count: length))
}

private let hookText: @convention(c) (UnsafeMutableRawPointer?, Int, UnsafePointer<UInt8>?, Int) -> Void = {
    context, functionCall, text, length in
    unsafe withCall(context, ()) { unsafe $0.add(functionCall, text, length) }
}

private let hookEntry: @convention(c) (UnsafeMutableRawPointer?, wsgi_text, wsgi_text) -> Void = {
    context, key, value in
    unsafe withCall(context, ()) { unsafe $0.setVariable(key, value) }
}

private let hookIsHTTPS: @convention(c) (UnsafeMutableRawPointer?) -> Int32 = { context in
    unsafe withCall(context, 0) { unsafe chttpd_is_https($0.r) ? 1 : 0 }
}

private let hookVariable: @convention(c) (UnsafeMutableRawPointer?, CText?) -> CText? = { context, name in
    unsafe withCall(context, nil) { call in
        guard let name = unsafe name else { return nil }
        let r = unsafe call.r
        return unsafe ap_ssl_var_lookup(r.pointee.pool, r.pointee.server, r.pointee.connection, r, name)
    }
}
