internal import CEngineABI
internal import CPython
internal import PythonRuntime
internal import Synchronization
internal import WSGIAdapter
internal import WSGICore
internal import WSGIWire

/// Python in an httpd child: the implementation of the entry table's functions.
enum EmbeddedPython {
    /// The origin of Python in this process.
    @safe private enum Origin {
        case notStarted
        /// Started by this engine. The main thread state is detached until the end.
        case started(OpaquePointer)
        /// Started by another module, which will end it.
        case found
    }

    nonisolated(unsafe) private static var origin = Origin.notStarted
    nonisolated(unsafe) private static var destroysInterpreters = true

    /// Starts and prepares Python. Must be called on the thread that will call `stop`.
    static func start(_ bytes: UnsafeRawBufferPointer, _ host: UnsafePointer<wsgi_host>) -> Int32 {
        let spec: ProcessSpec
        do {
            spec = unsafe try SpecCodec.decode(bytes)
        } catch {
            unsafe log(host, "\(LogID.embeddedStartFailed.tag): The process description cannot be decoded: \(error).")
            return -1
        }
        guard Py_IsInitialized() == 0 else {
            let state = PyGILState_Ensure()
            defer { PyGILState_Release(state) }
            unsafe origin = .found
            return unsafe prepare(spec, host)
        }
        PythonStart.run(spec.python, executable: spec.pythonExecutable)
        let result = unsafe prepare(spec, host)
        if let state = unsafe PyEval_SaveThread() { unsafe origin = .started(state) }
        return result
    }

    private static func prepare(_ spec: ProcessSpec, _ host: UnsafePointer<wsgi_host>) -> Int32 {
        if !spec.python.eggCache.isEmpty {
            PythonStart.set(EnvironmentChange("PYTHON_EGG_CACHE", spec.python.eggCache))
        }
        unsafe destroysInterpreters = spec.destroysInterpreters
        guard unsafe Adapter.start(spec, host: host) else { return -1 }
        LoadWatch.start { _ in "The GIL cannot be acquired, so there is no Python stack." }
        guard let failure = Adapter.importPreloads() else { return 0 }
        failure.log()
        return -1
    }

    /// Passes the event to the applications. Ends the interpreters, and Python if it was started here.
    static func stop() {
        switch unsafe origin {
        case .notStarted: return
        case .found:
            let state = PyGILState_Ensure()
            Attachment.detached { Adapter.announceStopping("") }
            if unsafe destroysInterpreters { Adapter.stop() }
            PyGILState_Release(state)
        case .started(let state):
            unsafe PyEval_RestoreThread(state)
            Attachment.detached { Adapter.announceStopping("") }
            // An interpreter with a running thread cannot be ended, and so neither can Python. The process ends soon.
            if unsafe destroysInterpreters, Adapter.stop() { Py_FinalizeEx() } else { unsafe PyEval_SaveThread() }
        }
        unsafe origin = .notStarted
    }

    private static func log(_ host: UnsafePointer<wsgi_host>, _ text: String) {
        var copy = text
        copy.withUTF8 { unsafe host.pointee.log?(Int32(WSGI_LOG_CRIT.rawValue), $0.baseAddress, $0.count) }
    }
}

/// The record that an httpd child finds with dlsym.
///
/// It is constant C data, so that it is valid before any code of the engine has run.
@c(wsgi_engine_start)
public func engineStart(_ spec: UnsafePointer<UInt8>?, _ length: Int, _ host: UnsafeRawPointer?) -> Int32 {
    guard let host = unsafe host?.assumingMemoryBound(to: wsgi_host.self) else { return -1 }
    return unsafe EmbeddedPython.start(UnsafeRawBufferPointer(start: spec, count: length), host)
}

/// `run` of the entry table.
@c(wsgi_engine_run)
public func engineRun(_ head: UnsafePointer<UInt8>?, _ length: Int, _ transport: UnsafeRawPointer?) -> Int32 {
    guard let transport = unsafe transport?.assumingMemoryBound(to: wsgi_transport.self) else { return 500 }
    return unsafe Adapter.run(UnsafeRawBufferPointer(start: head, count: length), transport)
}

/// `call` of the entry table.
@c(wsgi_engine_call)
public func engineCall(
    _ head: UnsafePointer<UInt8>?, _ length: Int, _ transport: UnsafeRawPointer?, _ functions: UnsafeRawPointer?,
    _ calls: UnsafeMutableRawPointer?, _ count: Int
) {
    guard let transport = unsafe transport?.assumingMemoryBound(to: wsgi_transport.self),
        let functions = unsafe functions?.assumingMemoryBound(to: wsgi_call_functions.self)
    else { return }
    unsafe Adapter.call(
        UnsafeRawBufferPointer(start: head, count: length), transport, functions,
        UnsafeMutableBufferPointer(start: calls?.assumingMemoryBound(to: wsgi_function_call.self), count: count))
}

/// `stop` of the entry table.
@c(wsgi_engine_stop)
public func engineStop() { EmbeddedPython.stop() }
