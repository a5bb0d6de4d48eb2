internal import CSharedMemory
internal import Glibc

/// What the supervisor tells httpd's parent all the time, in memory that these two share with nobody else.
@safe public final class SupervisorStatus {
    private let status: UnsafeMutablePointer<wsgi_supervisor_status>
    /// The memory file, for the supervisor to map.
    public let file: Descriptor

    /// New memory for it: parent.
    public convenience init() throws(SystemError) {
        try self.init(MemoryFile.create("wsgi-supervisor", size: MemoryLayout<wsgi_supervisor_status>.size))
    }

    /// Maps the memory file that the parent has made: supervisor.
    public init(_ file: consuming Descriptor) throws(SystemError) {
        unsafe status = try MemoryFile.map(file.raw, size: MemoryLayout<wsgi_supervisor_status>.size)
            .assumingMemoryBound(to: wsgi_supervisor_status.self)
        self.file = file
    }

    deinit { _ = unsafe munmap(status, MemoryLayout<wsgi_supervisor_status>.size) }

    /// Supervisor: says that its event loop is alive; at least once a second.
    public func beat() { unsafe wsgi_supervisor_beat(status) }

    /// Parent: how often the supervisor has said so.
    public var beats: UInt64 { unsafe wsgi_supervisor_beats(status) }

    /// Supervisor: says that the last configuration could not be taken; the parent sends it again within seconds.
    public func wantConfiguration() { _ = unsafe wsgi_supervisor_set_lacking(status, true) }

    /// Parent: whether the configuration is to be sent again; each wish is told once.
    public func takeWish() -> Bool { unsafe wsgi_supervisor_set_lacking(status, false) }
}
