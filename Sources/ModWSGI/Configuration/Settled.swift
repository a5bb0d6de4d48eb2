internal import WSGIConfig

/// The whole configuration, prepared for requests.
///
/// The parent writes it in `post_config`, before children exist; requests only read it.
enum Settled {
    /// The process groups by name, and the servers that may use them.
    @safe nonisolated(unsafe) static var names: ProcessGroups?
    /// Whether the server's configuration names scripts that run in children regardless of where applications run.
    @safe nonisolated(unsafe) static var expectsHooks = false
    /// Whether `WSGIRestrictEmbedded` is on.
    @safe nonisolated(unsafe) static var restrictsEmbedded = false
    /// Whether script paths that differ only in case are the same script.
    @safe nonisolated(unsafe) static var ignoresCase = false

    /// Called when a new configuration is read: httpd keeps the module, and so this state, across restarts.
    static func reset() {
        names = nil
        restrictsEmbedded = false
        ignoresCase = false
        expectsHooks = false
    }

    /// Finds a group by name for a request of `server`. Nothing is allocated.
    static func find(_ name: UnsafeRawBufferPointer, from server: ServerConfig) -> ProcessGroups.Lookup {
        unsafe names?.find(name, from: server.index) ?? .unknown
    }
}
