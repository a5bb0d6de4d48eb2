/// What was configured for the main server or for a virtual host.
public struct ServerSettings: Sendable {
    /// The script aliases in the order in which they are tried: those of this server, then those of the main server.
    public internal(set) var scriptAliases: [ScriptAlias] = []
    /// How many of `scriptAliases` were written in this server.
    public internal(set) var ownAliasCount = 0
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

    /// The aliases written in this server, without those of the main server.
    public var ownAliases: ArraySlice<ScriptAlias> { scriptAliases.prefix(ownAliasCount) }

    /// Directives and options that were accepted without effect, each as a line for the log; never merged.
    public internal(set) var notices: [Notice] = []

    /// The settings of a virtual host: what `child` has written, over these, which are the main server's.
    public func merged(under child: ServerSettings) -> ServerSettings {
        var result = child
        result.scriptAliases = child.scriptAliases + scriptAliases
        result.directory = directory.merged(under: child.directory)
        result.global = global
        return result
    }

    mutating func append(_ alias: ScriptAlias) {
        scriptAliases.insert(alias, at: ownAliasCount)
        ownAliasCount += 1
    }
}
