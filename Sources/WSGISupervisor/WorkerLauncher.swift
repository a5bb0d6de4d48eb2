internal import ProcessKit
internal import WSGICore
internal import WSGIWire

/// Creates the process of a worker.
struct WorkerLauncher {
    /// The program that Python runs. It enables faulthandler, for crashes and for the engine's `stackSignal`,
    /// loads the engine by its path and runs it.
    ///
    /// `ModuleSpec` and the extension loader exist in every interpreter. Importing `importlib.machinery` would read two
    /// files.
    static let bootstrap = """
        import sys, faulthandler
        faulthandler.enable(file=\(WorkerDescriptors.crashText))
        faulthandler.register(\(WorkerDescriptors.stackSignal), file=\(WorkerDescriptors.crashText))
        def start(path):
            loader = sys.modules['_frozen_importlib_external'].ExtensionFileLoader('_wsgi_engine', path)
            spec = type(sys.__spec__)('_wsgi_engine', loader, origin=path)
            sys.modules['_wsgi_engine'] = engine = loader.create_module(spec)
            engine.__spec__ = spec
            engine.__file__ = path
            loader.exec_module(engine)
            return engine.serve(\(WorkerDescriptors.control))
        if 't' in sys.abiflags:
            sys.exit(f'WSGI1001: {sys.executable} is a free-threaded Python, which this module cannot run in: '
                     'name one with a GIL.')
        code = start(sys.argv.pop())
        if code < -1:
            import os
            os._exit(0)
        if code < 0:
            import atexit, os
            try:
                atexit._run_exitfuncs()
            finally:
                os._exit(0)
        sys.exit(code)
        """

    /// The workers' limit of open descriptors: that of the supervisor before it was raised.
    let openFiles: UInt64
    /// Whether the priority of a process can be raised again.
    let mayRaisePriority = CurrentProcess.mayRaisePriority

    /// The increment of a worker's nice value while it starts.
    static let niceIncrement: Int32 = 10

    /// Begins to start a worker. `WorkerProcess.launch` reports the result.
    ///
    /// - Parameters:
    ///   - listener: The slot's listening socket.
    func start(
        _ attempt: StartAttempt, of group: ProcessGroup, slot: UInt32, generation: UInt32, token: UInt64,
        listener: Int32
    ) throws(SpawnMessage) -> WorkerProcess {
        let spec = attempt.spec
        do {
            let started = Clock.milliseconds()
            let pair = try PacketSocket.pair()
            // A packet on a socket can carry descriptors, and closing one may take an hour. A pipe cannot.
            StreamSocket.shutDownReading(pair.ours.raw)
            let pipe = try PacketPipe.pair()
            let crashText = try CrashText.create()
            let board = try RequestBoard.create(
                threads: max(spec.process.worker?.threads ?? 1, 1), slot: slot, generation: generation)
            let null = try Descriptor.null()
            // A worker may change its open file description of the log, such as the append mode, but not root's.
            let log = try Descriptor.forAppending(group.logDescriptor)
            var request = Self.request(for: spec, engine: group.configuration.spec.engine)
            request.openFiles = openFiles
            if !attempt.isUrgent, mayRaisePriority {
                let usual = request.limits.priority != 0 ? request.limits.priority : CurrentProcess.priority
                request.niceIncrement = min(Self.niceIncrement, max(19 - usual, 0))
            }
            request.descriptors = [
                null.raw, log.raw, log.raw, pair.theirs.raw, listener, board.raw, crashText.raw,
                pipe.writing.raw,
            ]
            try Self.sendStart(pair.ours, attempt, slot: slot, generation: generation)
            let launch = try Self.spawn(request, spec)
            return WorkerProcess(
                token: token, generation: generation, attempt: attempt, niceIncrement: request.niceIncrement,
                started: started, launch: launch,
                process: try ProcessHandle(child: launch.id), control: pair.keepOurs(), reports: pipe.keepReading(),
                board: board, crashText: crashText)
        } catch let error as SystemError {
            throw SpawnMessage(spec, "\(error)")
        } catch let error as SpawnMessage {
            throw error
        } catch {
            throw SpawnMessage(spec, "unknown error")
        }
    }

    private static func spawn(_ request: SpawnRequest, _ spec: GroupSpec) throws(SpawnMessage) -> Launch {
        do { return try request.begin() } catch { throw SpawnMessage(error, spec) }
    }

    /// Writes the `start` packet into the socket, where the worker reads it.
    private static func sendStart(
        _ control: borrowing PacketSocket, _ attempt: StartAttempt, slot: UInt32, generation: UInt32
    ) throws(SystemError) {
        var spec = attempt.spec.process
        var worker = spec.worker ?? WorkerSpec()
        worker.slot = slot
        worker.generation = generation
        spec.worker = worker
        spec.preloads += attempt.learned
        spec.preloadsMustSucceed = attempt.mustSucceed
        spec.toleratedPreloads = attempt.tolerated
        var buffer = ByteBuffer()
        SpecCodec.encode(spec, into: &buffer)
        let file = try unsafe MemoryFile.create("wsgi-start", contents: buffer.bytes)
        try ControlPacket(.start).send(on: control, descriptors: [file.raw])
    }

    private static func request(for spec: GroupSpec, engine: String) -> SpawnRequest {
        // Python derives sys.executable from argv[0].
        var request = SpawnRequest(
            executable: spec.python, arguments: [spec.python] + spec.pythonArguments + ["-c", bootstrap, engine],
            environment: environment(for: spec, inherited: CurrentProcess.environment()))
        request.root = spec.root
        request.workingDirectory = spec.workingDirectory
        request.limits = limits(spec.limits)
        request.umask = spec.umask
        request.hasNoNewPrivileges = spec.hasNoNewPrivileges
        if spec.changesUser {
            request.credentials = SpawnRequest.Credentials(
                user: spec.userID, group: spec.groupID, supplementaryGroups: spec.supplementaryGroups)
        }
        return request
    }

    private static func limits(_ spec: LimitSpec) -> SpawnRequest.Limits {
        var limits = SpawnRequest.Limits()
        limits.priority = Int32(clamping: spec.priority)
        limits.cpuTime = UInt64(clamping: spec.cpuTime)
        limits.mostCPUTime = UInt64(clamping: spec.mostCPUTime)
        limits.data = UInt64(clamping: spec.data)
        limits.addressSpace = UInt64(clamping: spec.addressSpace)
        return limits
    }

    /// The environment of a worker: that of httpd, with the user's `HOME` and the variables of the configuration.
    /// Existing variables that name the user are corrected.
    static func environment(for spec: GroupSpec, inherited: [String]) -> [String] {
        var own: [EnvironmentChange] = []
        if !spec.lang.isEmpty { own.append(EnvironmentChange("LANG", spec.lang)) }
        if !spec.locale.isEmpty { own.append(EnvironmentChange("LC_ALL", spec.locale)) }
        if !spec.userHome.isEmpty { own.append(EnvironmentChange("HOME", spec.userHome)) }
        if !spec.userName.isEmpty {
            for name in ["USER", "LOGNAME", "USERNAME"] where inherited.contains(where: { $0.hasPrefix(name + "=") }) {
                own.append(EnvironmentChange(name, spec.userName))
            }
        }
        return EnvironmentChange.apply(own + spec.environment, to: inherited)
    }
}
