/// Settings of the main server or of a virtual host.
public struct ServerSettings: Sendable {
    /// The script aliases of this server, in order.
    public internal(set) var ownAliases: [ScriptAlias] = []
    /// The aliases of the main server, which a virtual host tries after its own.
    public internal(set) var inheritedAliases: [ScriptAlias] = []
    /// The process groups that are defined in this server; never merged.
    public internal(set) var groupDefinitions: [GroupDefinition] = []
    /// The scripts of this server to import before the first request; never merged.
    public internal(set) var importScripts: [ImportScript] = []
    /// Settings that directories may override.
    public internal(set) var directory = DirectorySettings()
    /// Settings of the whole server, written in the main server only. A merged virtual host has a copy.
    public internal(set) var global = GlobalSettings()

    /// Settings with their default values.
    public init() {}

    /// All aliases in the order in which they are tried.
    public var scriptAliases: [ScriptAlias] {
        inheritedAliases.isEmpty ? ownAliases : ownAliases + inheritedAliases
    }

    /// Notices about directives and options that were accepted without effect, for the log; never merged.
    public internal(set) var notices: [Notice] = []

    /// The settings of a virtual host: those of `child` override these, which are the main server's.
    public func merged(under child: ServerSettings) -> ServerSettings {
        var result = child
        result.inheritedAliases = ownAliases
        result.directory = directory.merged(under: child.directory)
        result.global = global
        return result
    }
}
