import WSGICore
import WSGIWire

/// Numbers that look random and are the same in every run (SplitMix64).
struct Generator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    /// Bytes of any value, in a length of the range.
    mutating func bytes(_ count: ClosedRange<Int>) -> [UInt8] {
        (0..<Int.random(in: count, using: &self)).map { _ in UInt8.random(in: 0...255, using: &self) }
    }

    /// Bytes that resemble a message: small numbers in 1, 2, 4 and 8 bytes.
    mutating func plausibleBytes(_ count: ClosedRange<Int>) -> [UInt8] {
        let wanted = Int.random(in: count, using: &self)
        var result: [UInt8] = []
        while result.count < wanted {
            let value = UInt8.random(in: 0...8, using: &self)
            let width = [1, 2, 4, 8].randomElement(using: &self) ?? 1
            result += [value] + [UInt8](repeating: value == 8 ? 0xFF : 0, count: width - 1)
        }
        return Array(result.prefix(wanted))
    }
}

/// What `write` appends to a fresh buffer.
func encoded(_ write: (inout ByteBuffer) -> Void) -> [UInt8] {
    var buffer = ByteBuffer()
    write(&buffer)
    return unsafe Array(buffer.bytes)
}

/// Lends bytes that end where their memory ends, so that a read beyond them is an error for the sanitizer.
func lend<Result: ~Copyable>(
    _ bytes: some Collection<UInt8>, _ body: (UnsafeRawBufferPointer) throws -> Result
) rethrows -> Result {
    let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 1)
    defer { unsafe copy.deallocate() }
    unsafe copy.copyBytes(from: bytes)
    return try unsafe body(UnsafeRawBufferPointer(copy))
}

/// A copy of lent bytes.
func array(_ bytes: UnsafeRawBufferPointer) -> [UInt8] { unsafe Array(bytes) }

/// Specs in which no value is at its default.
enum Sample {
    static var worker: WorkerSpec {
        var worker = WorkerSpec()
        worker.maximumRequestsJitter = 23
        worker.evictionTimeout = 24
        worker.limits.request = 25
        worker.limits.interrupt = 26
        worker.limits.startup = 27
        worker.limits.inactivity = 28
        worker.limits.deadlock = 29
        worker.limits.memory = 30
        worker.slot = 7
        worker.generation = 9
        worker.threads = 3
        worker.stackSize = 1 << 20
        worker.maximumRequests = 1000
        worker.gracefulTimeout = 16
        worker.shutdownTimeout = 6
        worker.socketTimeout = 61
        worker.sendBufferSize = 65536
        worker.receiveBufferSize = 32768
        worker.cpuTimeLimit = 30
        worker.logLevel = 7
        worker.peerUserID = 33
        worker.secret = ConnectionSecret(first: 31, second: 32)
        worker.isDumpable = false
        worker.displayName = "(wsgi:site)"
        worker.locale = "de_DE.UTF-8"
        return worker
    }

    static var interpreter: InterpreterSpec {
        var spec = InterpreterSpec()
        spec.pythonPath = ["/srv/a", "/srv/b"]
        spec.restrictsStdin = true
        spec.restrictsStdout = true
        spec.restrictsSignal = false
        spec.hasOwnGIL = true
        spec.switchInterval = 0.001
        return spec
    }

    static var python: PythonSpec {
        var spec = PythonSpec()
        spec.dontWriteBytecode = true
        spec.warnings = ["error", "ignore::DeprecationWarning"]
        spec.optimize = 2
        spec.hashSeed = "17"
        spec.eggCache = "/var/cache/eggs"
        return spec
    }

    static var limits: LimitSpec {
        var spec = LimitSpec()
        spec.priority = -5
        spec.cpuTime = 30
        spec.mostCPUTime = 36
        spec.data = 1 << 30
        spec.addressSpace = 1 << 32
        return spec
    }

    static var process: ProcessSpec {
        var spec = ProcessSpec()
        spec.moduleVersion = [7, 0, 1]
        spec.httpdVersion = [2, 4, 71]
        spec.httpdDescription = "Apache/2.4.71 (Unix)"
        spec.httpdBuildDate = "Nov 21 2026"
        spec.mpmName = "event"
        spec.httpdChildren = 16
        spec.httpdThreadsPerChild = 25
        spec.processGroup = "sité"
        spec.isMultithreaded = true
        spec.isMultiprocess = true
        spec.isRunOnce = true
        spec.maximumProcesses = 2
        spec.threadsPerProcess = 5
        spec.interpreter = interpreter
        spec.interpreters = [NamedInterpreterSpec("", InterpreterSpec()), NamedInterpreterSpec("b", interpreter)]
        spec.switchInterval = 0.25
        spec.destroysInterpreters = false
        spec.keepsTerminal = true
        spec.python = python
        spec.home = "/srv"
        spec.pythonExecutable = "/srv/venv/bin/python"
        spec.preloads = [
            ScriptSpec(path: "/srv/app.wsgi", applicationGroup: "", callableObject: "app"),
            ScriptSpec(path: "/srv/b.wsgi", applicationGroup: "b"),
        ]
        spec.preloadsMustSucceed = true
        spec.warmup = "/health"
        spec.warmupHost = "example.org"
        spec.toleratedPreloads = [ScriptSpec(path: "/srv/broken.wsgi", applicationGroup: "b")]
        spec.worker = worker
        return spec
    }

    static var group: GroupSpec {
        var group = GroupSpec()
        group.name = "site"
        group.index = 4
        group.restartInterval = 31
        group.stopsFirst = true
        group.problem = "there is no user 'siet'."
        group.origin = "/etc/apache2/site.conf:12"
        group.python = "/usr/bin/python3"
        group.pythonArguments = ["-X", "utf8"]
        group.changesUser = true
        group.userID = 1000
        group.groupID = 1001
        group.supplementaryGroups = [4, 24]
        group.userName = "bob"
        group.userHome = "/home/bob"
        group.workingDirectory = "/srv"
        group.umask = 0o27
        group.hasNoNewPrivileges = true
        group.lang = "C.UTF-8"
        group.locale = "de_DE.UTF-8"
        group.environment = [
            EnvironmentChange("A", "ä=b"), EnvironmentChange("B", nil), EnvironmentChange("C", ""),
        ]
        group.root = "/srv/root"
        group.limits = limits
        group.process = process
        group.logDescriptor = 2
        group.slots = [SlotSpec(index: 7, listenerDescriptor: 3), SlotSpec(index: 8, listenerDescriptor: 4)]
        return group
    }

    static var supervisor: SupervisorSpec {
        var spec = SupervisorSpec()
        spec.configuration = 5
        spec.engine = "/usr/lib/apache2/modules/mod_wsgi/_wsgi_engine.abi3.so"
        spec.logLevel = 7
        spec.startLimit = 4
        spec.formerScripts = ["/srv/v1/app.wsgi"]
        spec.logDescriptor = 3
        spec.groups = [group, GroupSpec()]
        return spec
    }
}
