internal import Glibc
internal import ProcessKit
internal import Synchronization
internal import WSGIAdapter
internal import WSGICore
internal import WSGIWire

/// A process without request threads (`threads=0`): it runs its scripts on Python's main thread, as a program would.
final class ServiceMain: Sendable {
    private let spec: WorkerSpec
    private let control: PacketSocket
    private let reports: PacketPipe
    /// Why the process ends, as `ShutdownReason`; 0: its scripts have ended.
    private let reason = Atomic<UInt8>(0)

    private init(_ spec: WorkerSpec, _ control: consuming PacketSocket, _ reports: consuming PacketPipe) {
        self.spec = spec
        self.control = control
        self.reports = reports
    }

    /// Runs the scripts. Called on Python's main thread, with the GIL. Returns when they have ended.
    static func run(
        _ spec: WorkerSpec, control: consuming PacketSocket, reports: consuming PacketPipe
    ) throws(SystemError) {
        let service = ServiceMain(spec, control, reports)
        CurrentProcess.installForkGuard()
        CurrentProcess.guardFromForks(service.control.raw, true)
        CurrentProcess.guardFromForks(service.reports.raw, true)
        Adapter.catchSignals()
        let context = unsafe Unmanaged.passRetained(service).toOpaque()
        unsafe try CurrentProcess.startThread(stackSize: 0, name: "wsgi-control", context: context) { context in
            guard let context = unsafe context else { return }
            unsafe Unmanaged<ServiceMain>.fromOpaque(context).takeRetainedValue().listen()
        }
        ControlMessage.send(.ready, on: service.reports)
        Adapter.runServices {
            ShutdownReason(rawValue: service.reason.load(ordering: .relaxed))?.name ?? ""
        }
    }

    /// Listens to the supervisor on its own thread: Python's main thread runs the scripts.
    private func listen() {
        // Signals are delivered to the main thread, whose system calls they interrupt.
        CurrentProcess.blockSignals()
        do throws(SystemError) {
            while let packet = try control.receive(wait: true) {
                guard !packet.bytes.isEmpty else { throw SystemError("recvmsg", 0) }
                if let message = ControlPacket(packet.bytes) { take(message, packet.descriptors) }
                for raw in packet.descriptors { Descriptor.close(raw: raw) }
            }
        } catch {
            // The supervisor has ended, so nothing would kill this process if it did not end.
            CurrentProcess.signal(SIGTERM)
            Clock.sleep(milliseconds: Int64(spec.shutdownTimeout) * 1_000)
            CurrentProcess.exitAtOnce(0)
        }
    }

    private func take(_ message: ControlPacket, _ descriptors: [Int32]) {
        switch message.kind {
        case .drain:
            reason.store(message.drainReason.rawValue, ordering: .relaxed)
            CurrentProcess.signal(SIGTERM)
        case .log:
            guard let log = descriptors.first else { return }
            for raw: Int32 in [1, 2] { try? Descriptor.replace(raw, with: log) }
        default: break
        }
    }
}
