internal import CHTTPD
internal import WSGIConfig

/// Per-server configuration, of the main server or a virtual host.
final class ServerConfig {
    /// The settings. Written while the configuration is read, on httpd's only thread, and only read afterwards.
    @safe @exclusivity(unchecked) var settings = ServerSettings()
    /// The server's index in httpd's list of servers. Set after the whole configuration has been read.
    @safe @exclusivity(unchecked) var index = 0

    /// The number of its name in `MetricsNames`. Set after the whole configuration has been read.
    @safe @exclusivity(unchecked) var number: UInt32 = 0

    // Used by requests. `settle` prepares these properties from the settings.

    /// The settings of requests whose directory has none of its own.
    @safe @exclusivity(unchecked) private(set) var effective = DirectoryConfig(isPermanent: true)
    /// The aliases of this server, in the order in which they are tried.
    @safe @exclusivity(unchecked) private var aliases: [MappedAlias] = []
    /// The server whose aliases are tried after them. For a virtual host, this is the main server.
    @safe @exclusivity(unchecked) private var inherited: ServerConfig?
    /// Index of `aliases`.
    @safe @exclusivity(unchecked) private var aliasIndex = AliasIndex([])
    /// The notice that an Authorization header was dropped. Shared by all children.
    @safe @exclusivity(unchecked) private(set) var authorizationNotice = OneTimeNotice()

    /// Prepares the settings for requests. Runs in the parent after the whole configuration has been read.
    ///
    /// - Parameter main: The main server, which must be settled first. `nil` if this is the main server.
    func settle(_ notice: OneTimeNotice, inheriting main: ServerConfig?, _ pool: Pool) {
        effective = DirectoryConfig(isPermanent: true, settings: settings.directory)
        aliases = settings.ownAliases.map { unsafe MappedAlias($0, pool) }
        aliasIndex = AliasIndex(settings.ownAliases)
        inherited = main
        authorizationNotice = notice
    }

    /// The first alias, in order, that covers a URI. `nil` if none does.
    func alias(of uri: UnsafeMutablePointer<CChar>) -> MappedAlias? {
        let index = unsafe aliasIndex.first(bytes(of: uri)) ?? aliases.count
        for pattern in aliasIndex.patterns {
            if pattern > index { break }
            if unsafe aliases[pattern].covers(uri) { return aliases[pattern] }
        }
        if index < aliases.count { return aliases[index] }
        return unsafe inherited?.alias(of: uri)
    }
}

/// A notice that is logged once, by the first child that has a reason to.
@safe struct OneTimeNotice {
    private let said: UnsafeMutablePointer<UInt8>?

    /// A notice that is never due.
    init() { unsafe said = nil }

    /// A notice that is due while `said` is 0. The byte is in memory that all children share.
    init(_ said: UnsafeMutablePointer<UInt8>) { unsafe self.said = said }

    /// Whether the notice has been logged, or is never due.
    var wasSaid: Bool { unsafe said.map { unsafe $0.pointee != 0 } ?? true }

    /// Whether to log the notice now. True once.
    func isDue() -> Bool {
        guard let said = unsafe said else { return false }
        return unsafe chttpd_set_once(said)
    }
}
