internal import CEngineABI
internal import Glibc
internal import ProcessKit
internal import WSGIAdapter
internal import WSGICore
internal import WSGIWire

/// Exit codes of a daemon process. With a negative one the bootstrap exits without ending the interpreter.
private enum ExitCode {
    static let done: Int32 = 0
    static let unusable: Int32 = 1
    static let preloadsFailed: Int32 = 3
    /// After the `atexit` functions have run.
    static let leave: Int32 = -1
    /// Immediately.
    static let leaveAtOnce: Int32 = -2
}

/// Serves requests until the supervisor, at the other end of the descriptor, ends it: see `WorkerMain.serve`.
func serveWorker(controlDescriptor: Int32) -> Int32 { WorkerMain.serve(controlDescriptor: controlDescriptor) }

/// A daemon process from its first packet to its end.
enum WorkerMain {
    /// Runs a daemon process. Called by the bootstrap on Python's main thread, with the GIL. Returns when the worker
    /// has drained.
    ///
    /// - Parameter controlDescriptor: The control socket to the supervisor.
    /// - Returns: The exit code, or a negative number: exit without ending the main interpreter; -1: run its exit
    ///   functions first.
    static func serve(controlDescriptor: Int32) -> Int32 {
        for raw in [
            controlDescriptor, WorkerDescriptors.listener, WorkerDescriptors.board, WorkerDescriptors.crashText,
            WorkerDescriptors.reports,
        ] {
            try? Descriptor.setCloseOnExec(raw, true)
        }
        let control = PacketSocket(adopting: controlDescriptor)
        let reports = PacketPipe(adopting: WorkerDescriptors.reports)
        do throws(StartMessageError) {
            let spec = try receiveStart(control)
            guard let workerSpec = spec.worker else { throw .malformed }
            if !workerSpec.isDumpable { CurrentProcess.setDumpable(false) }
            let board: RequestBoard
            do {
                board = try RequestBoard(mapping: WorkerDescriptors.board, threads: max(workerSpec.threads, 1))
            } catch { throw .system(error) }
            unsafe WorkerLog.board = board
            guard prepare(spec, workerSpec) else { return ExitCode.unusable }
            if workerSpec.threads == 0 {
                do { try ServiceMain.run(workerSpec, control: control, reports: reports) } catch {
                    throw .system(error)
                }
                guard spec.destroysInterpreters else { return ExitCode.leaveAtOnce }
                return Adapter.stop() ? ExitCode.done : ExitCode.leave
            }
            let worker: Worker
            do {
                worker = try Worker(
                    spec: workerSpec, isRunOnce: spec.isRunOnce, board: board, control: control, reports: reports)
            } catch { throw .system(error) }
            var main: WorkerControl
            do { main = try WorkerControl(worker) } catch { throw .system(error) }
            LoadWatch.start { StuckRequests.dump(of: $0) }
            Adapter.onScript { ControlMessage.send($0, on: worker.reports) }
            if let failure = Adapter.importPreloads() ?? Adapter.warmUp() {
                ControlMessage.send(failure, on: worker.reports)
                // Python 3.13 aborts if the main interpreter ends before the others.
                return Adapter.stop() ? ExitCode.preloadsFailed : ExitCode.leave
            }
            do { try main.startThreads() } catch { throw .system(error) }
            let drained = main.run()
            guard spec.destroysInterpreters else { return ExitCode.leaveAtOnce }
            guard drained, Adapter.stop() else { return ExitCode.leave }
            return ExitCode.done
        } catch .system(let error) where error.isDisconnection {
            WorkerLog.write(WSGI_LOG_INFO, "The process ends before it has begun to serve: its supervisor has ended.")
            return ExitCode.unusable
        } catch {
            WorkerLog.write(WSGI_LOG_CRIT, .daemonStartFailed, "The process cannot start: \(error).")
            return ExitCode.unusable
        }
    }

    /// Waits for the first packet.
    private static func receiveStart(_ control: borrowing PacketSocket) throws(StartMessageError) -> ProcessSpec {
        guard let packet = try? control.receive(wait: true), let message = ControlPacket(packet.bytes),
            message.kind == .start, let first = packet.descriptors.first
        else { throw .noStart }
        let file = Descriptor(adopting: first)
        for raw in packet.descriptors.dropFirst() { Descriptor.close(raw: raw) }
        let bytes: [UInt8]
        do { bytes = try MemoryFile.contents(of: file.raw) } catch { throw .system(error) }
        guard let spec = unsafe bytes.withUnsafeBytes({ unsafe try? SpecCodec.decode($0, as: ProcessSpec.self) }) else {
            throw .malformed
        }
        return spec
    }

    /// Gives the process its name and locale and starts the adapter.
    private static func prepare(_ spec: ProcessSpec, _ worker: WorkerSpec) -> Bool {
        unsafe WorkerLog.level = Int32(clamping: worker.logLevel)
        if !worker.displayName.isEmpty { CurrentProcess.setTitle(worker.displayName) }
        if !worker.locale.isEmpty, !CurrentProcess.setLocale(worker.locale) {
            WorkerLog.write(
                WSGI_LOG_WARNING, .localeUnavailable,
                "The locale '\(worker.locale)' does not exist on this machine; the one of "
                    + "the environment is used.")
        }
        // The adapter keeps it for the life of the process.
        let host = UnsafeMutablePointer<wsgi_host>.allocate(capacity: 1)
        unsafe host.initialize(to: WorkerLog.host())
        return unsafe Adapter.start(spec, host: host)
    }
}

/// The reason why a worker could not start.
private enum StartMessageError: Error {
    /// The supervisor has ended, or sent a packet other than `start`.
    case noStart
    /// The supervisor has another version.
    case malformed
    /// A system call failed.
    case system(SystemError)
}
