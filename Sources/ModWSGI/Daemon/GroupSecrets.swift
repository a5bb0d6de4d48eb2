internal import CSharedMemory
internal import Glibc
internal import ProcessKit
internal import Synchronization
internal import WSGICore

/// The secrets of the process groups, by the groups' indices in the scoreboard.
///
/// The memory is shared by httpd's parent, its children, and the processes that they fork. When a group gets another
/// secret, children of the previous configuration see it too. A place that another group uses again has another serial
/// number, so that these children cannot confuse the two groups. The parent makes the memory and writes to it, on its
/// one thread.
enum GroupSecrets {
    private typealias Word = Atomic<UInt64>

    /// Number of words of a group: its serial number, and the two halves of its secret.
    private static let words = 3

    nonisolated(unsafe) private static var memory: UnsafeMutablePointer<Word>?
    @safe nonisolated(unsafe) private static var lastSerial: UInt64 = 0

    /// Makes the memory, once.
    static func prepare() throws(SystemError) {
        guard unsafe memory == nil else { return }
        let count = words * Int(WSGI_MAX_GROUPS)
        let size = count * MemoryLayout<Word>.stride
        guard let made = unsafe mmap(nil, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0),
            unsafe made != MAP_FAILED
        else { throw SystemError("mmap", errno) }
        // Keeps the secrets out of core dumps.
        unsafe _ = madvise(made, size, MADV_DONTDUMP)
        unsafe memory = unsafe made.bindMemory(to: Word.self, capacity: count)
    }

    /// Returns a serial number for a group that uses this place from now on. The place has no secret yet.
    static func begin(at group: UInt32) -> UInt64 {
        lastSerial += 1
        if let words = unsafe words(of: group) { unsafe words[0].store(lastSerial, ordering: .sequentiallyConsistent) }
        set(ConnectionSecret(), of: group)
        return lastSerial
    }

    /// Sets the secret of a group. Call this before its new sockets are made, so that every connection to them uses it.
    static func set(_ secret: ConnectionSecret, of group: UInt32) {
        guard let words = unsafe words(of: group) else { return }
        unsafe words[1].store(secret.first, ordering: .sequentiallyConsistent)
        unsafe words[2].store(secret.second, ordering: .sequentiallyConsistent)
    }

    /// The secret of the group with this serial number, or the empty one if another group uses the place now. Two reads
    /// may differ while the secret is being set.
    static func secret(of group: UInt32, serial: UInt64) -> ConnectionSecret {
        guard let words = unsafe words(of: group) else { return ConnectionSecret() }
        let secret = unsafe ConnectionSecret(
            first: words[1].load(ordering: .acquiring), second: words[2].load(ordering: .acquiring))
        // Read last: the serial number changes first.
        return unsafe words[0].load(ordering: .acquiring) == serial ? secret : ConnectionSecret()
    }

    private static func words(of group: UInt32) -> UnsafeMutablePointer<Word>? {
        guard group < UInt32(WSGI_MAX_GROUPS) else { return nil }
        return unsafe memory.map { unsafe $0 + words * Int(group) }
    }
}
