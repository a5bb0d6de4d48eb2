internal import CSharedMemory
internal import Glibc

/// The supervisor's status for httpd's parent, in memory that only these two share.
@safe public final class SupervisorStatus {
    private let status: UnsafeMutablePointer<wsgi_supervisor_status>
    /// The memory file, for the supervisor to map.
    public let file: Descriptor

    /// Creates the memory. Called by the parent.
    public convenience init() throws(SystemError) {
        try self.init(MemoryFile.create("wsgi-supervisor", size: MemoryLayout<wsgi_supervisor_status>.size))
    }

    /// Maps the memory file that the parent has created. Called by the supervisor.
    public init(_ file: consuming Descriptor) throws(SystemError) {
        unsafe status = try MemoryFile.map(file.raw, size: MemoryLayout<wsgi_supervisor_status>.size)
            .assumingMemoryBound(to: wsgi_supervisor_status.self)
        self.file = file
    }

    deinit { _ = unsafe munmap(status, MemoryLayout<wsgi_supervisor_status>.size) }

    /// Supervisor: records that its event loop runs, at least once a second.
    public func beat() { unsafe wsgi_supervisor_beat(status) }

    /// Parent: number of calls of `beat`.
    public var beats: UInt64 { unsafe wsgi_supervisor_beats(status) }

    /// Supervisor: requests the configuration again, because the last one could not be received. The parent sends it
    /// within seconds.
    public func wantConfiguration() { _ = unsafe wsgi_supervisor_set_lacking(status, true) }

    /// Parent: whether the configuration must be sent again. Each request is reported once.
    public func takeWish() -> Bool { unsafe wsgi_supervisor_set_lacking(status, false) }
}
