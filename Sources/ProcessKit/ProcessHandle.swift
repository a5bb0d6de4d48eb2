internal import CSystem
internal import Glibc

/// A handle of a process (a pidfd): readable in a poller once the process has ended, and never confused with a later
/// process with the same id.
public struct ProcessHandle: ~Copyable, Sendable {
    /// The process id.
    public let id: Int32
    private let descriptor: Descriptor

    /// The descriptor's number, for a poller.
    public var raw: Int32 { descriptor.raw }

    /// Opens a running process, or a child that has not been reaped.
    public init(id: Int32) throws(SystemError) {
        self.id = id
        descriptor = Descriptor(adopting: try check(wsgi_pidfd_open(id), "pidfd_open"))
    }

    /// Opens a child that was just started. If the system has no handle for it, the child is killed, and `reapStray`
    /// must reap it.
    public init(child: Int32) throws(SystemError) {
        do throws(SystemError) { try self.init(id: child) } catch {
            Glibc.kill(child, SIGKILL)
            throw error
        }
    }

    /// Waits until the process has ended, at most `milliseconds`. Returns false if it still runs.
    public func ends(within milliseconds: Int32) -> Bool {
        var wait = pollfd(fd: descriptor.raw, events: Int16(POLLIN), revents: 0)
        return unsafe poll(&wait, 1, milliseconds) == 1
    }

    /// How a process ended.
    public enum Ending: Equatable, Sendable {
        /// It exited with this code.
        case exited(code: Int32)
        /// This signal ended it.
        case killed(signal: Int32)
    }

    /// Sends a signal. Ignored if the process has ended.
    public func signal(_ number: Int32) { _ = wsgi_pidfd_kill(descriptor.raw, number) }

    /// Lowers the nice value of each of its threads by this amount.
    public func raisePriority(by amount: Int32) { wsgi_raise_priority(id, amount) }

    /// The children of this process's only thread, including those that have ended and have not been reaped.
    public static func children() -> [Int32] {
        var capacity = 256
        while true {
            var found = [Int32](repeating: 0, count: capacity)
            let count = unsafe found.withUnsafeMutableBufferPointer { list in
                unsafe list.baseAddress.map { unsafe wsgi_children($0, list.count) } ?? 0
            }
            if count < capacity { return Array(found.prefix(count)) }
            capacity *= 4
        }
    }

    /// Reaps a child if it has ended, and ignores how.
    public static func reapStray(_ id: Int32) {
        var ending: (code: Int32, signal: Int32) = (0, 0)
        _ = unsafe wsgi_reap(id, &ending.code, &ending.signal)
    }

    /// Sends SIGTERM.
    public func terminate() { signal(SIGTERM) }

    /// Sends SIGKILL.
    public func kill() { signal(SIGKILL) }

    /// Reaps the child; `nil`: it still runs. A child that was reaped elsewhere counts as exited with code 0.
    public func reap() -> Ending? {
        var code: Int32 = 0
        var signal: Int32 = 0
        switch unsafe wsgi_reap(id, &code, &signal) {
        case 0: return nil
        case 1: return signal == 0 ? .exited(code: code) : .killed(signal: signal)
        default: return .exited(code: 0)
        }
    }

    /// The name of a signal: `SIGSEGV`.
    public static func signalName(_ number: Int32) -> String {
        guard let name = unsafe wsgi_signal_name(number) else { return "signal \(number)" }
        return unsafe "SIG" + String(cString: name)
    }
}
