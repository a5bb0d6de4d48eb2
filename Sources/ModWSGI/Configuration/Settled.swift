internal import WSGIConfig

/// Facts that the parent derives from the whole configuration for requests.
///
/// The parent writes them in `post_config`, before children exist. Requests only read them.
enum Settled {
    /// The names of the process groups, and the virtual hosts that may use them.
    @safe nonisolated(unsafe) static var names: ProcessGroups?
    /// Whether the server's configuration names hook scripts, which run in children even if no application does.
    @safe nonisolated(unsafe) static var expectsHooks = false
    /// Whether `WSGIRestrictEmbedded` is on.
    @safe nonisolated(unsafe) static var restrictsEmbedded = false
    /// Whether paths that differ only in case name the same script.
    @safe nonisolated(unsafe) static var ignoresCase = false

    /// The process groups that serve a single application, by their index: there `%{AUTO}` is the main interpreter.
    @safe nonisolated(unsafe) static var singleApplications: Set<Int> = []

    /// Called when a new configuration is read. httpd keeps the module, and with it this state, across restarts.
    static func reset() {
        names = nil
        restrictsEmbedded = false
        ignoresCase = false
        expectsHooks = false
        singleApplications = []
    }

    /// Finds a group by name for a request of `server`. Allocates nothing.
    static func find(_ name: UnsafeRawBufferPointer, from server: ServerConfig) -> ProcessGroups.Lookup {
        unsafe names?.find(name, from: server.index) ?? .unknown
    }
}
