public import WSGICore

/// Messages on the control sockets (SOCK_SEQPACKET): httpd parent ↔ supervisor, and supervisor ↔ worker.
///
/// Each packet is `kind: UInt32 | payload`. What is long travels in a memory file whose descriptor comes with the
/// packet, so that a packet is always short.
public enum ControlKind: UInt32, Sendable {
    // httpd parent to supervisor.
    /// Up to 200 descriptors come with the packet; they belong to the next `configuration`, in order.
    case descriptors = 1
    /// One descriptor: a memory file with an encoded `SupervisorSpec`.
    case configuration = 2
    /// httpd stops or restarts: drain everything within the shutdown timeouts. Without payload.
    case stop = 3
    /// httpd reads its configuration again: another `configuration` follows, unless the module is not loaded any more.
    /// Without payload.
    case restarting = 4

    // Supervisor to worker.
    /// One descriptor: a memory file with an encoded `ProcessSpec`. The first packet a worker receives.
    case start = 16
    /// Accept connections.
    case serve = 17
    /// Stop accepting, end what is queued and under way, exit (payload: two `UInt32`, seconds for requests under way, and
    /// for everything). A second one can only shorten the time.
    case drain = 18
    /// One descriptor: the error log from now on; replaces descriptors 1 and 2.
    case log = 19
    /// No successor can be started with the script of this time (payload: path as string, time as `Int64`): the code that
    /// is loaded goes on serving until the file changes again.
    case refused = 24
    /// Another worker of the group serves with a script (payload: as of `loaded`): who cannot leaves its requests to it.
    case proven = 25

    // Worker to supervisor, through a pipe.
    /// Python is up, the preloads are imported.
    case ready = 32
    /// A script was loaded (payload: an encoded script).
    case loaded = 33
    /// The worker asks for a successor (payload: `ShutdownReason` in a byte, and the reason as a string); it goes on serving until `drain`.
    case retire = 34
    /// The worker must not replace its predecessor; it exits. Payload: whether another packet follows as a byte, and a piece
    /// of an encoded `StartProblem`.
    case failed = 35
    /// The worker has served its first request: whatever happens to it later, its start was good.
    case served = 36
    /// A script has changed (payload: path as string, time as `Int64`, whether a request waits for the successor as a
    /// byte); the worker goes on serving until `drain`.
    case changed = 44
    /// A script could not be imported when the worker started, and it serves without (payload: as of `loaded`).
    case unusable = 45
    /// A request makes the worker load a script (payload: path as string).
    case loading = 46
}

/// The encoding of the specs that processes hand to each other; `version` guards against mixed installations.
public enum SpecCodec {
    /// Raised whenever a spec or its order below changes.
    public static let version: UInt32 = 5

    /// Encodes the supervisor's configuration.
    public static func encode(_ spec: SupervisorSpec, into buffer: inout ByteBuffer) {
        buffer.append(version)
        buffer.append(spec.configuration)
        buffer.append(string: spec.engine)
        buffer.append(Int64(spec.logLevel))
        buffer.append(Int64(spec.logDescriptor))
        append(spec.groups, to: &buffer, encodeGroup)
        buffer.append(Int64(spec.startLimit))
        append(spec.formerScripts, to: &buffer) { $1.append(string: $0) }
    }

    /// Decodes the supervisor's configuration.
    public static func decodeSupervisor(_ bytes: UnsafeRawBufferPointer) throws(WireError) -> SupervisorSpec {
        var reader = unsafe ByteReader(bytes)
        try checkVersion(&reader)
        var spec = SupervisorSpec()
        spec.configuration = try reader.integer()
        spec.engine = try reader.string()
        spec.logLevel = try int(&reader)
        spec.logDescriptor = try int(&reader)
        spec.groups = try list(&reader, decodeGroup)
        spec.startLimit = try int(&reader)
        spec.formerScripts = try list(&reader, string)
        return spec
    }

    /// Encodes what a worker, or the engine of an httpd child, is told.
    public static func encode(_ spec: ProcessSpec, into buffer: inout ByteBuffer) {
        buffer.append(version)
        encodeProcess(spec, &buffer)
    }

    /// Decodes what a worker, or the engine of an httpd child, is told.
    public static func decodeProcess(_ bytes: UnsafeRawBufferPointer) throws(WireError) -> ProcessSpec {
        var reader = unsafe ByteReader(bytes)
        try checkVersion(&reader)
        return try decodeProcess(&reader)
    }

    /// Encodes one script, the payload of `loaded`.
    public static func encodeScript(_ script: ScriptSpec, _ buffer: inout ByteBuffer) {
        buffer.append(string: script.path)
        buffer.append(string: script.applicationGroup)
        buffer.append(string: script.callableObject)
        buffer.append(byte: script.mountPoint == nil ? 0 : 1)
        buffer.append(string: script.mountPoint ?? "")
    }

    /// Decodes one script, the payload of `loaded`.
    public static func decodeScript(_ reader: inout ByteReader) throws(WireError) -> ScriptSpec {
        var script = try ScriptSpec(
            path: reader.string(), applicationGroup: reader.string(), callableObject: reader.string())
        let isMounted = try flag(&reader)
        let mountPoint = try reader.string()
        script.mountPoint = isMounted ? mountPoint : nil
        return script
    }

    // MARK: - Parts, in the order of their declarations

    private static func encodeGroup(_ group: GroupSpec, _ buffer: inout ByteBuffer) {
        buffer.append(string: group.name)
        buffer.append(group.index)
        buffer.append(string: group.origin)
        buffer.append(string: group.python)
        append(group.pythonArguments, to: &buffer) { $1.append(string: $0) }
        buffer.append(byte: group.changesUser ? 1 : 0)
        buffer.append(group.userID)
        buffer.append(group.groupID)
        append(group.supplementaryGroups, to: &buffer) { $1.append($0) }
        buffer.append(string: group.userName)
        buffer.append(string: group.userHome)
        buffer.append(string: group.workingDirectory)
        buffer.append(byte: group.hasNoNewPrivileges ? 1 : 0)
        buffer.append(group.umask.map(Int64.init) ?? -1)
        buffer.append(string: group.lang)
        buffer.append(string: group.locale)
        append(group.environment, to: &buffer, encodeVariable)
        buffer.append(string: group.root)
        encodeLimits(group.limits, &buffer)
        encodeProcess(group.process, &buffer)
        buffer.append(Int64(group.logDescriptor))
        append(group.slots, to: &buffer) {
            $1.append($0.index)
            $1.append(Int64($0.listenerDescriptor))
        }
        buffer.append(Int64(group.restartInterval))
        buffer.append(byte: group.stopsFirst ? 1 : 0)
        buffer.append(string: group.problem)
    }

    private static func decodeGroup(_ reader: inout ByteReader) throws(WireError) -> GroupSpec {
        var group = GroupSpec()
        group.name = try reader.string()
        group.index = try reader.integer()
        group.origin = try reader.string()
        group.python = try reader.string()
        group.pythonArguments = try list(&reader, string)
        group.changesUser = try reader.integer(UInt8.self) != 0
        group.userID = try reader.integer()
        group.groupID = try reader.integer()
        group.supplementaryGroups = try list(&reader) { (r: inout ByteReader) throws(WireError) in
            try r.integer()
        }
        group.userName = try reader.string()
        group.userHome = try reader.string()
        group.workingDirectory = try reader.string()
        group.hasNoNewPrivileges = try flag(&reader)
        group.umask = try UInt32(exactly: reader.integer(Int64.self))
        group.lang = try reader.string()
        group.locale = try reader.string()
        group.environment = try list(&reader, decodeVariable)
        group.root = try reader.string()
        group.limits = try decodeLimits(&reader)
        group.process = try decodeProcess(&reader)
        group.logDescriptor = try int(&reader)
        group.slots = try list(&reader) { (r: inout ByteReader) throws(WireError) in
            try SlotSpec(index: r.integer(), listenerDescriptor: int(&r))
        }
        group.restartInterval = try int(&reader)
        group.stopsFirst = try flag(&reader)
        group.problem = try reader.string()
        return group
    }

    private static func encodeProcess(_ spec: ProcessSpec, _ buffer: inout ByteBuffer) {
        append(spec.moduleVersion, to: &buffer) { $1.append(Int64($0)) }
        append(spec.httpdVersion, to: &buffer) { $1.append(Int64($0)) }
        for text in [spec.httpdDescription, spec.httpdBuildDate, spec.mpmName] { buffer.append(string: text) }
        buffer.append(Int64(spec.httpdChildren))
        buffer.append(Int64(spec.httpdThreadsPerChild))
        buffer.append(string: spec.processGroup)
        for flag in [spec.isMultithreaded, spec.isMultiprocess, spec.isRunOnce, spec.preloadsMustSucceed] {
            buffer.append(byte: flag ? 1 : 0)
        }
        buffer.append(Int64(spec.maximumProcesses))
        buffer.append(Int64(spec.threadsPerProcess))
        encodeInterpreter(spec.interpreter, &buffer)
        append(spec.interpreters, to: &buffer, encodeNamedInterpreter)
        buffer.append(spec.switchInterval.bitPattern)
        for flag in [spec.destroysInterpreters, spec.keepsTerminal] { buffer.append(byte: flag ? 1 : 0) }
        encodePython(spec.python, &buffer)
        buffer.append(string: spec.home)
        buffer.append(string: spec.pythonExecutable)
        append(spec.preloads, to: &buffer, encodeScript)
        append(spec.toleratedPreloads, to: &buffer, encodeScript)
        buffer.append(string: spec.warmup)
        buffer.append(string: spec.warmupHost)
        append(spec.worker.map { [$0] } ?? [], to: &buffer, encodeWorker)
    }

    private static func decodeProcess(_ reader: inout ByteReader) throws(WireError) -> ProcessSpec {
        var spec = ProcessSpec()
        spec.moduleVersion = try list(&reader, int)
        spec.httpdVersion = try list(&reader, int)
        spec.httpdDescription = try reader.string()
        spec.httpdBuildDate = try reader.string()
        spec.mpmName = try reader.string()
        spec.httpdChildren = try int(&reader)
        spec.httpdThreadsPerChild = try int(&reader)
        spec.processGroup = try reader.string()
        spec.isMultithreaded = try flag(&reader)
        spec.isMultiprocess = try flag(&reader)
        spec.isRunOnce = try flag(&reader)
        spec.preloadsMustSucceed = try flag(&reader)
        spec.maximumProcesses = try int(&reader)
        spec.threadsPerProcess = try int(&reader)
        spec.interpreter = try decodeInterpreter(&reader)
        spec.interpreters = try list(&reader, decodeNamedInterpreter)
        spec.switchInterval = try Double(bitPattern: reader.integer())
        spec.destroysInterpreters = try flag(&reader)
        spec.keepsTerminal = try flag(&reader)
        spec.python = try decodePython(&reader)
        spec.home = try reader.string()
        spec.pythonExecutable = try reader.string()
        spec.preloads = try list(&reader, decodeScript)
        spec.toleratedPreloads = try list(&reader, decodeScript)
        spec.warmup = try reader.string()
        spec.warmupHost = try reader.string()
        spec.worker = try list(&reader, decodeWorker).first
        return spec
    }

    private static func encodeWorker(_ worker: WorkerSpec, _ buffer: inout ByteBuffer) {
        for number in [worker.slot, worker.generation, worker.peerUserID] { buffer.append(number) }
        for number in [
            worker.threads, worker.stackSize, worker.maximumRequests, worker.gracefulTimeout, worker.shutdownTimeout,
            worker.socketTimeout, worker.sendBufferSize, worker.receiveBufferSize, worker.cpuTimeLimit,
            worker.logLevel,
        ] { buffer.append(Int64(number)) }
        buffer.append(string: worker.displayName)
        buffer.append(string: worker.locale)
        buffer.append(Int64(worker.maximumRequestsJitter))
        buffer.append(Int64(worker.evictionTimeout))
        for limit in limits { buffer.append(worker.limits[keyPath: limit]) }
        buffer.append(worker.secret.first)
        buffer.append(worker.secret.second)
        buffer.append(byte: worker.isDumpable ? 1 : 0)
    }

    /// The limits of a worker, in the order of their encoding.
    private static var limits: [WritableKeyPath<WorkerDeadlines.Limits, Int64>] {
        [\.request, \.interrupt, \.startup, \.inactivity, \.deadlock, \.memory]
    }

    private static func decodeWorker(_ reader: inout ByteReader) throws(WireError) -> WorkerSpec {
        var worker = WorkerSpec()
        worker.slot = try reader.integer()
        worker.generation = try reader.integer()
        worker.peerUserID = try reader.integer()
        worker.threads = try int(&reader)
        worker.stackSize = try int(&reader)
        worker.maximumRequests = try int(&reader)
        worker.gracefulTimeout = try int(&reader)
        worker.shutdownTimeout = try int(&reader)
        worker.socketTimeout = try int(&reader)
        worker.sendBufferSize = try int(&reader)
        worker.receiveBufferSize = try int(&reader)
        worker.cpuTimeLimit = try int(&reader)
        worker.logLevel = try int(&reader)
        worker.displayName = try reader.string()
        worker.locale = try reader.string()
        worker.maximumRequestsJitter = try int(&reader)
        worker.evictionTimeout = try int(&reader)
        for limit in limits { worker.limits[keyPath: limit] = try reader.integer() }
        worker.secret = try ConnectionSecret(first: reader.integer(), second: reader.integer())
        worker.isDumpable = try flag(&reader)
        return worker
    }

    // MARK: - Building blocks

    static func checkVersion(_ reader: inout ByteReader) throws(WireError) {
        let found = try reader.integer(UInt32.self)
        guard found == version else { throw .version(found) }
    }

    static func append<Item>(
        _ items: [Item], to buffer: inout ByteBuffer, _ encode: (Item, inout ByteBuffer) -> Void
    ) {
        buffer.append(UInt32(truncatingIfNeeded: items.count))
        for item in items { encode(item, &buffer) }
    }

    static func list<Item>(
        _ reader: inout ByteReader, _ decode: (inout ByteReader) throws(WireError) -> Item
    ) throws(WireError) -> [Item] {
        var items: [Item] = []
        // Every item takes at least one byte, so a wrong count cannot ask for more memory than there is message.
        for _ in 0..<(try reader.integer(UInt32.self)) { items.append(try decode(&reader)) }
        return items
    }

    static func int(_ reader: inout ByteReader) throws(WireError) -> Int {
        guard let value = try Int(exactly: reader.integer(Int64.self)) else { throw .invalid("integer") }
        return value
    }

    static func flag(_ reader: inout ByteReader) throws(WireError) -> Bool {
        try reader.integer(UInt8.self) != 0
    }

    static func string(_ reader: inout ByteReader) throws(WireError) -> String {
        try reader.string()
    }
}
