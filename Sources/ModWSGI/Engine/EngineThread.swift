internal import CEngineABI
internal import CSystem
internal import Glibc
internal import ProcessKit

/// A thread that starts and ends Python in a child that first needs it during a request.
///
/// Python treats the thread that starts it as its main thread, and waits forever if another thread ends it. This thread
/// lives as long as Python and waits in a read.
@safe final class EngineThread: @unchecked Sendable {
    /// The engine after its start. The thread writes it before it signals `init`.
    private(set) var engine: UnsafePointer<wsgi_engine_entry_table_t>?
    private let start: () -> UnsafePointer<wsgi_engine_entry_table_t>?
    private let ours: Int32
    private let its: Int32

    /// Starts the thread and waits until it has tried to start Python.
    ///
    /// - Parameter start: Starts Python; called on the thread.
    init?(_ start: @escaping () -> UnsafePointer<wsgi_engine_entry_table_t>?) {
        var pair: (Int32, Int32) = (-1, -1)
        guard unsafe wsgi_socket_pair(false, &pair.0, &pair.1) == 0 else { return nil }
        unsafe self.start = start
        (ours, its) = pair
        let context = unsafe Unmanaged.passRetained(self)
        do {
            try unsafe CurrentProcess.startThread(stackSize: 0, name: "wsgi-python", context: context.toOpaque()) {
                context in
                guard let context = unsafe context else { return }
                unsafe Unmanaged<EngineThread>.fromOpaque(context).takeRetainedValue().run()
            }
        } catch {
            unsafe context.release()
            return nil
        }
        Self.wait(ours)
    }

    deinit {
        close(ours)
        close(its)
    }

    /// Ends Python if it runs, and waits until it has ended.
    func stop() {
        Self.signal(ours)
        Self.wait(ours)
    }

    private func run() {
        unsafe engine = start()
        Self.signal(its)
        Self.wait(its)
        unsafe engine?.pointee.stop()
        Self.signal(its)
    }

    private static func signal(_ socket: Int32) {
        var byte: UInt8 = 0
        _ = unsafe wsgi_send(socket, &byte, 1, true)
    }

    private static func wait(_ socket: Int32) {
        var byte: UInt8 = 0
        _ = unsafe wsgi_receive(socket, &byte, 1, true, false)
    }
}
