internal import CSystem
internal import WSGIConfig
internal import WSGICore

/// Access of this child to the workers of a process group: settings, secret, and the descriptors that they send.
@safe final class WorkerAccess: Sendable {  // cold: made by the parent
    /// The group's index in the scoreboard.
    let index: UInt32
    /// Timeouts and sizes.
    let settings: GroupSettings
    private let serial: UInt64
    /// Number of descriptors that workers have sent and that are not closed yet; see `closeForeign`.
    nonisolated(unsafe) let closing: UnsafeMutablePointer<UInt32>

    init(_ entry: (index: UInt32, serial: UInt64), _ settings: GroupSettings) {
        index = entry.index
        serial = entry.serial
        self.settings = settings
        unsafe closing = UnsafeMutablePointer<UInt32>.allocate(capacity: 1)
        unsafe closing.initialize(to: 0)
    }

    /// Closes a descriptor of unknown kind that a worker has sent, without waiting.
    func closeForeign(_ descriptor: Int32) {
        var descriptor = descriptor
        unsafe wsgi_close_foreign(&descriptor, 1, closing)
    }

    /// Whether so many descriptors of the workers cannot be closed that they must be sent no more requests.
    var isClogged: Bool { unsafe wsgi_is_clogged(closing) }

    /// The secret that workers expect. After the group is removed, the empty secret, which no worker accepts.
    var secret: ConnectionSecret { GroupSecrets.secret(of: index, serial: serial) }
}
