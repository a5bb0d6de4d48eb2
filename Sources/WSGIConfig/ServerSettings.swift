/// What was configured for the main server or for a virtual host.
public struct ServerSettings: Sendable {
    /// The script aliases that were written in this server, in their order.
    public internal(set) var ownAliases: [ScriptAlias] = []
    /// Those of the main server, which a virtual host has besides; they are tried after its own.
    public internal(set) var inheritedAliases: [ScriptAlias] = []
    /// The process groups defined in this server; never merged, they stay where they were written.
    public internal(set) var daemonProcesses: [DaemonProcess] = []
    /// The scripts to import before the first request that this server asks for; never merged.
    public internal(set) var importScripts: [ImportScript] = []
    /// Settings that directories may override.
    public internal(set) var directory = DirectorySettings()
    /// Settings of the whole server; written in the main server only, a merged virtual host has a copy.
    public internal(set) var global = GlobalSettings()

    /// Settings with nothing written.
    public init() {}

    /// All aliases in the order in which they are tried.
    public var scriptAliases: [ScriptAlias] {
        inheritedAliases.isEmpty ? ownAliases : ownAliases + inheritedAliases
    }

    /// Directives and options that were accepted without effect, each as a line for the log; never merged.
    public internal(set) var notices: [Notice] = []

    /// The settings of a virtual host: what `child` has written, over these, which are the main server's.
    public func merged(under child: ServerSettings) -> ServerSettings {
        var result = child
        result.inheritedAliases = ownAliases
        result.directory = directory.merged(under: child.directory)
        result.global = global
        return result
    }
}
