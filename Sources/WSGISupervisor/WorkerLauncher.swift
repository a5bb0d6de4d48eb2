internal import ProcessKit
internal import WSGICore
internal import WSGIWire

/// Makes the process of a worker: what it is told, what it inherits, what is said when it cannot be made.
struct WorkerLauncher {
    /// The numbers of the worker's descriptors; the bootstrap below and the engine know them.
    enum Place {
        /// The control socket.
        static let control = 3
        /// The memory file that faulthandler writes to.
        static let crashText = 6
        /// The pipe to the supervisor.
        static let reports = 7
    }

    /// What Python runs: it arms faulthandler, for crashes and for the engine's `Worker.stackSignal`, loads the engine by its path and hands the process over.
    ///
    /// `ModuleSpec` and the extension loader are there in every interpreter; `importlib.machinery` would read two files.
    static let bootstrap = """
        import sys, faulthandler
        faulthandler.enable(file=6)
        faulthandler.register(63, file=6)
        def start(path):
            loader = sys.modules['_frozen_importlib_external'].ExtensionFileLoader('_wsgi_engine', path)
            spec = type(sys.__spec__)('_wsgi_engine', loader, origin=path)
            sys.modules['_wsgi_engine'] = engine = loader.create_module(spec)
            engine.__spec__ = spec
            engine.__file__ = path
            loader.exec_module(engine)
            return engine.serve(3)
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

    /// What could not be done, as a sentence.
    struct Failure: Error {
        /// For the log.
        var text: String
    }

    /// The supervisor's own limit of descriptors before it was raised: the workers' limit.
    let openFiles: UInt64
    /// Whether the priority of a process can be raised again.
    let mayRaisePriority = CurrentProcess.mayRaisePriority

    /// By how much the priority of a worker is lower while it starts, as of nice(1).
    static let niceIncrement: Int32 = 10

    /// Begins to start a worker; `WorkerProcess.launch` tells what becomes of it.
    ///
    /// - Parameters:
    ///   - listener: The slot's listening socket.
    func start(
        _ attempt: StartAttempt, of group: ProcessGroup, slot: UInt32, generation: UInt32, token: UInt64,
        listener: Int32
    ) throws(Failure) -> WorkerProcess {
        let spec = attempt.spec
        do {
            let started = Clock.milliseconds()
            let pair = try PacketSocket.pair()
            // A packet on a socket can bring descriptors, and to close one may take an hour. A pipe cannot.
            StreamSocket.shutDownReading(pair.ours.raw)
            let pipe = try PacketPipe.pair()
            let crashText = try CrashText.create()
            let board = try WorkerBoard.create(
                threads: max(spec.process.worker?.threads ?? 1, 1), slot: slot, generation: generation)
            let null = try Descriptor.null()
            // What it does to the description of its log, its append mode for one, must not be done to root's.
            let log = try Descriptor.forAppending(group.log)
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
            try Self.tell(pair.ours, attempt, slot: slot, generation: generation)
            let launch = try Self.spawn(request, spec)
            return WorkerProcess(
                token: token, generation: generation, attempt: attempt, niceIncrement: request.niceIncrement,
                started: started, launch: launch,
                process: try ProcessHandle(child: launch.id), control: pair.keepOurs(), reports: pipe.keepReading(),
                board: board, crashText: crashText)
        } catch let error as SystemError {
            throw Failure(text: "Unable to start a process of \(Self.name(spec)): \(error).")
        } catch let error as Failure {
            throw error
        } catch {
            throw Failure(text: "Unable to start a process of \(Self.name(spec)).")
        }
    }

    /// The group as messages name it.
    static func name(_ spec: GroupSpec) -> String {
        let origin = spec.origin.isEmpty ? "" : " (\(spec.origin))"
        return "WSGIDaemonProcess '\(spec.name)'\(origin)"
    }

    private static func spawn(_ request: SpawnRequest, _ spec: GroupSpec) throws(Failure) -> Launch {
        do { return try request.begin() } catch { throw Failure(text: SpawnMessage.text(error, spec)) }
    }

    /// Puts the `start` packet into the socket; the worker finds it there.
    private static func tell(
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
        // argv[0] is what Python makes sys.executable of.
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

    /// The environment of a worker: httpd's, with the user's `HOME`, and what the configuration says; the variables that
    /// name a user are corrected where they exist.
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
