internal import CEngineABI
internal import CHTTPD
internal import Glibc
internal import ProcessKit
internal import Synchronization
internal import WSGIConfig
internal import WSGICore
internal import WSGIDeployment
internal import WSGIWire

/// The start of Python in an httpd child: planned by the parent, carried out by the child when needed.
///
/// The parent searches for libpython but never loads it.
final class EmbeddedPlan: Sendable {
    /// The plan of this configuration; `nil` if embedded requests are rejected. Written by the parent in `post_config`.
    @safe nonisolated(unsafe) static var current: EmbeddedPlan?

    /// Whether a child starts Python at once: an alias leads to an embedded application, scripts are to be imported, or
    /// the server's configuration names a hook script.
    let isExpected: Bool

    private let spec: ProcessSpec
    private let enginePath: String
    private let libraries: [String]
    /// The reason why no Python was found; logged when it is first needed.
    private let problem: ResolutionError?
    private let state = Mutex<State>(.waiting)

    @safe private enum State: @unchecked Sendable {
        case waiting
        case running(UnsafePointer<wsgi_engine_entry_table_t>, on: EngineThread?)
        case failed
    }

    /// Plans embedded mode. If no Python is found, the reason is logged: here if Python is expected, otherwise by the
    /// child that needs it.
    init(_ global: GlobalSettings, _ host: HostFacts, preloads: [ScriptSpec], isExpected: Bool, server: Server) {
        var spec = host.process
        spec.isMultithreaded =
            MPM.query(AP_MPMQ_IS_THREADED) != AP_MPMQ_NOT_SUPPORTED && host.process.httpdThreadsPerChild != 1
        spec.isMultiprocess =
            MPM.query(AP_MPMQ_IS_FORKED) != AP_MPMQ_NOT_SUPPORTED && host.process.httpdChildren != 1
        spec.maximumProcesses = host.process.httpdChildren
        spec.threadsPerProcess = host.process.httpdThreadsPerChild
        let interpreters = global.embeddedInterpreters
        interpreters.apply(to: &spec)
        spec.destroysInterpreters = global.destroyInterpreter
        spec.keepsTerminal = MPM.isSingleProcess
        spec.python = global.python
        spec.python.eggCache = global.pythonEggs ?? ""
        spec.preloads = preloads
        do {
            let files = host.httpdFiles
            spec.pythonExecutable = try PythonChoice.embedded(global, host.defaultPython, files)
            libraries = try PythonLibrary.find(for: spec.pythonExecutable, files)
            problem = nil
        } catch {
            libraries = []
            problem = error
            if isExpected { unsafe Log.server(server, .error, error.id, Self.explanation(error)) }
        }
        if isExpected { unsafe interpreters.warn("Embedded mode", server) }
        self.spec = spec
        self.isExpected = isExpected
        enginePath = host.companions + "/_wsgi_engine.abi3.so"
    }

    private static func explanation(_ problem: ResolutionError) -> String {
        "\(problem.text) Embedded applications, and requests with a hook script in the server's configuration, "
            + "answer 500."
    }

    /// Starts Python on the calling thread, the child's first. `stop` must be called on the same thread.
    func startHere() {
        state.withLock { state in
            guard case .waiting = state else { return }
            state = unsafe start().map { unsafe .running($0, on: nil) } ?? .failed
        }
    }

    /// The engine of this child, started if necessary. `nil` if the start failed; it is not tried again.
    func engine() -> UnsafePointer<wsgi_engine_entry_table_t>? {
        unsafe state.withLock { state in
            switch state {
            case .running(let table, _): return unsafe table
            case .failed: return nil
            case .waiting:
                guard let thread = unsafe EngineThread({ unsafe self.start() }), let table = unsafe thread.engine else {
                    state = .failed
                    return nil
                }
                state = unsafe .running(table, on: thread)
                return unsafe table
            }
        }
    }

    /// Ends Python in this child if it runs.
    func stop() {
        state.withLock { state in
            if case .running(let table, let thread) = state {
                if let thread { thread.stop() } else { unsafe table.pointee.stop() }
            }
            state = .failed
        }
    }

    private func start() -> UnsafePointer<wsgi_engine_entry_table_t>? {
        if let problem {
            if !isExpected { processLog(.error, problem.id, Self.explanation(problem)) }
            return nil
        }
        // C extension modules expect Python's symbols to be global.
        guard libraries.contains(where: { unsafe dlopen($0, RTLD_NOW | RTLD_GLOBAL) != nil }) else {
            processLog(
                .critical, .embeddedStartFailed,
                "libpython of \(spec.pythonExecutable) cannot be loaded (\(dlerrorText())): install the package that "
                    + "contains it (on Debian libpython3-dev), use a Python built with --enable-shared, or run the "
                    + "application in daemon processes, which need no libpython.")
            return nil
        }
        guard let handle = unsafe dlopen(enginePath, RTLD_NOW | RTLD_LOCAL),
            let symbol = unsafe dlsym(handle, "wsgi_engine_entry_table")
        else {
            processLog(
                .critical, .embeddedStartFailed,
                "The engine cannot be loaded (\(dlerrorText())); install the module again.")
            return nil
        }
        let table = unsafe UnsafePointer(symbol.assumingMemoryBound(to: wsgi_engine_entry_table_t.self))
        guard unsafe table.pointee.abi == UInt32(WSGI_ENGINE_ABI) else {
            processLog(
                .critical, .embeddedStartFailed,
                "The versions of the module and of its engine differ; stop and start httpd after an upgrade.")
            return nil
        }
        CurrentProcess.installServerForkGuard()
        var encoded = ByteBuffer()
        SpecCodec.encode(spec, into: &encoded)
        let started = unsafe table.pointee.start(
            encoded.bytes.baseAddress?.assumingMemoryBound(to: UInt8.self), encoded.bytes.count, &embeddedHost)
        return unsafe started == 0 ? table : nil
    }
}

/// The functions of this process that the engine may call. The engine keeps the pointer.
nonisolated(unsafe) private var embeddedHost = unsafe wsgi_host(
    log: { level, text, length in
        let record = unsafe LogSource(level: level, UnsafeRawBufferPointer(start: text, count: length))
        guard let start = unsafe record.text.baseAddress, let server = unsafe chttpd_main_server(),
            unsafe chttpd_logs_server(server, record.level)
        else { return }
        unsafe Metrics.countID(of: record.text)
        unsafe chttpd_log_server_bytes(
            server, record.level, record.file.baseAddress, record.file.count, record.line, start,
            record.text.count)
    },
    log_level: { unsafe UInt32(clamping: chttpd_log_level(chttpd_main_server())) })

private func processLog(_ level: LogLevel, _ id: LogID, _ text: String) {
    unsafe Log.server(chttpd_main_server(), level, id, text)
}

private func dlerrorText() -> String {
    guard let text = unsafe dlerror() else { return "no reason given" }
    return unsafe String(cString: text)
}
