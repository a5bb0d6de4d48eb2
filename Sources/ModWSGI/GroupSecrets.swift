internal import CSystem
internal import Glibc
internal import ProcessKit
internal import Synchronization
internal import WSGICore

/// The secrets of the process groups, by the groups' places in the scoreboard.
///
/// The memory is shared by httpd's parent and its children, and by nobody else: when a group gets another secret, children
/// of the configuration before learn it, too. The parent makes it and writes to it, on its one thread.
enum GroupSecrets {
    private typealias Half = Atomic<UInt64>

    nonisolated(unsafe) private static var memory: UnsafeMutablePointer<Half>?

    /// Makes the memory, once.
    static func prepare() throws(SystemError) {
        guard unsafe memory == nil else { return }
        let size = 2 * Int(WSGI_MAX_GROUPS) * MemoryLayout<Half>.stride
        guard let made = unsafe mmap(nil, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0),
            unsafe made != MAP_FAILED
        else { throw SystemError("mmap", errno) }
        // Not in a core of a process that has it.
        unsafe _ = madvise(made, size, MADV_DONTDUMP)
        unsafe memory = unsafe made.bindMemory(to: Half.self, capacity: 2 * Int(WSGI_MAX_GROUPS))
    }

    /// Sets the secret of a group. Its new sockets must be made afterwards: whoever connects to one finds the new secret.
    static func set(_ secret: ConnectionSecret, of group: UInt32) {
        guard let halves = unsafe halves(group) else { return }
        unsafe halves[0].store(secret.first, ordering: .sequentiallyConsistent)
        unsafe halves[1].store(secret.second, ordering: .sequentiallyConsistent)
    }

    /// The secret of a group. While it is being set, two readings differ.
    static func secret(of group: UInt32) -> ConnectionSecret {
        guard let halves = unsafe halves(group) else { return ConnectionSecret() }
        return unsafe ConnectionSecret(
            first: halves[0].load(ordering: .acquiring), second: halves[1].load(ordering: .acquiring))
    }

    private static func halves(_ group: UInt32) -> UnsafeMutablePointer<Half>? {
        guard group < UInt32(WSGI_MAX_GROUPS) else { return nil }
        return unsafe memory.map { unsafe $0 + 2 * Int(group) }
    }
}
