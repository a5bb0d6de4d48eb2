internal import WSGIConfig

/// What the parent has made of the whole configuration for requests.
///
/// The parent writes it in `post_config`, before children exist; requests only read it.
enum Settled {
    /// The names of the process groups and who may use them.
    @safe nonisolated(unsafe) static var names: ProcessGroups?
    /// Whether the server's configuration names scripts that run in children whatever happens to applications.
    @safe nonisolated(unsafe) static var expectsHooks = false
    /// Whether `WSGIRestrictEmbedded` is on.
    @safe nonisolated(unsafe) static var restrictsEmbedded = false
    /// Whether paths of scripts that differ in case only are the same script.
    @safe nonisolated(unsafe) static var ignoresCase = false

    /// A new configuration is being read: httpd keeps the module, and so this state, over restarts.
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
