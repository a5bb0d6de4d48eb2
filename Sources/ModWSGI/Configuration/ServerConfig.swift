internal import CHTTPD
internal import WSGIConfig

/// What httpd keeps for a server: the main server or a virtual host.
final class ServerConfig {
    /// The settings; written while the configuration is read, on httpd's one thread, and only read afterwards.
    @safe @exclusivity(unchecked) var settings = ServerSettings()
    /// The server's index in httpd's list of servers; set when the whole configuration has been read.
    @safe @exclusivity(unchecked) var index = 0

    /// The number of its name in `MetricsNames`; set when the whole configuration has been read.
    @safe @exclusivity(unchecked) var number: UInt32 = 0

    // What requests ask for, made of the settings by `settle`.

    /// The settings of requests for whose directory nothing was written.
    @safe @exclusivity(unchecked) private(set) var effective = DirectoryConfig(isPermanent: true)
    /// The aliases that were written in this server, in the order in which they are tried.
    @safe @exclusivity(unchecked) private var aliases: [MappedAlias] = []
    /// The server whose aliases are tried after them: the main one, for a virtual host.
    @safe @exclusivity(unchecked) private var inherited: ServerConfig?
    /// Finds among `aliases`.
    @safe @exclusivity(unchecked) private var aliasIndex = AliasIndex([])
    /// Whether it was said that an Authorization header was dropped; shared by all children.
    @safe @exclusivity(unchecked) private(set) var authorizationNotice = OneTimeNotice()

    /// Makes of the settings what requests need; runs in the parent when the whole configuration has been read.
    ///
    /// - Parameter main: The main server, which has been settled before; `nil`: this is it.
    func settle(_ notice: OneTimeNotice, inheriting main: ServerConfig?, _ pool: Pool) {
        effective = DirectoryConfig(isPermanent: true, settings: settings.directory)
        aliases = settings.ownAliases.map { unsafe MappedAlias($0, pool) }
        aliasIndex = AliasIndex(settings.ownAliases)
        inherited = main
        authorizationNotice = notice
    }

    /// The first alias, in order, that covers a URI; `nil`: none does.
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

/// Something that is said once, by whichever child comes to it first.
@safe struct OneTimeNotice {
    private let said: UnsafeMutablePointer<UInt8>?

    /// A notice that is never due.
    init() { unsafe said = nil }

    /// A notice that is due while `said` is 0; the byte is in memory that all children share.
    init(_ said: UnsafeMutablePointer<UInt8>) { unsafe self.said = said }

    /// Whether it need not be thought of any more.
    var wasSaid: Bool { unsafe said.map { unsafe $0.pointee != 0 } ?? true }

    /// Whether it is to be said now; true once.
    func isDue() -> Bool {
        guard let said = unsafe said else { return false }
        return unsafe chttpd_set_once(said)
    }
}
