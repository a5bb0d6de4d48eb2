internal import CSystem
internal import WSGIConfig
internal import WSGICore

/// How this child reaches the workers of a process group, and what it may do with what they send.
@safe final class WorkerAccess: Sendable {  // cold: made by the parent
    /// The group's place in the scoreboard.
    let index: UInt32
    /// Timeouts and sizes.
    let settings: GroupSettings
    private let serial: UInt64
    /// Descriptors that workers have sent and that are not closed yet; see `closeForeign`.
    nonisolated(unsafe) let closing: UnsafeMutablePointer<UInt32>

    init(_ place: (index: UInt32, serial: UInt64), _ settings: GroupSettings) {
        index = place.index
        serial = place.serial
        self.settings = settings
        unsafe closing = UnsafeMutablePointer<UInt32>.allocate(capacity: 1)
        unsafe closing.initialize(to: 0)
    }

    /// Closes a descriptor that a worker has sent and that may be anything, without waiting for that.
    func closeForeign(_ descriptor: Int32) {
        var descriptor = descriptor
        unsafe wsgi_close_foreign(&descriptor, 1, closing)
    }

    /// Whether so much of what workers have sent cannot be closed that they are to be sent no more requests.
    var isClogged: Bool { unsafe wsgi_is_clogged(closing) }

    /// The secret that workers expect; the empty one, which none accepts, once the group has been removed.
    var secret: ConnectionSecret { GroupSecrets.secret(of: index, serial: serial) }
}
