internal import CSystem
internal import Glibc

/// A process that this one watches: readable in a poller once it has ended, and never confused with a later process of
/// the same number (a pidfd).
public struct ProcessHandle: ~Copyable, Sendable {
    /// The process id.
    public let id: Int32
    private let descriptor: Descriptor

    /// The descriptor's number, for a poller.
    public var raw: Int32 { descriptor.raw }

    /// Opens a running process, or a child that was not reaped yet.
    public init(id: Int32) throws(SystemError) {
        self.id = id
        descriptor = Descriptor(adopting: try check(wsgi_pidfd_open(id), "pidfd_open"))
    }

    /// A child that was just started; it is killed when the system has no handle for it. Then `reapStray` is to reap it.
    public init(child: Int32) throws(SystemError) {
        do throws(SystemError) { try self.init(id: child) } catch {
            Glibc.kill(child, SIGKILL)
            throw error
        }
    }

    /// Waits until the process has ended, at most `milliseconds`. False: it runs on.
    public func ends(within milliseconds: Int32) -> Bool {
        var wait = pollfd(fd: descriptor.raw, events: Int16(POLLIN), revents: 0)
        return unsafe poll(&wait, 1, milliseconds) == 1
    }

    /// How a process ended.
    public enum Ending: Equatable, Sendable {
        /// It left with this code.
        case exited(code: Int32)
        /// This signal ended it.
        case killed(signal: Int32)
    }

    /// Sends a signal; a process that has ended is ignored.
    public func signal(_ number: Int32) { _ = wsgi_pidfd_kill(descriptor.raw, number) }

    /// Raises the priority of each of its threads by this much, as of nice(1).
    public func raisePriority(by amount: Int32) { wsgi_raise_priority(id, amount) }

    /// The children of this process's only thread, also those that have ended and were not reaped.
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

    /// Reaps a child whose end concerns nobody, if it has ended.
    public static func reapStray(_ id: Int32) {
        var ending: (code: Int32, signal: Int32) = (0, 0)
        _ = unsafe wsgi_reap(id, &ending.code, &ending.signal)
    }

    /// Asks it to end.
    public func terminate() { signal(SIGTERM) }

    /// Ends it at once.
    public func kill() { signal(SIGKILL) }

    /// Reaps the child; `nil`: it still runs. One that somebody else reaped counts as exited with code 0.
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
