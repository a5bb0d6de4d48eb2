public import WSGICore

/// The properties of httpd and of this machine that process groups and checks depend on.
public struct HostFacts {
    /// The directory of the engine and the supervisor.
    public let companions: String
    /// The Python that `make` recorded.
    public let defaultPython: String
    /// httpd's `User`.
    public let userID: UInt32
    /// httpd's `Group`.
    public let groupID: UInt32
    /// Whether httpd runs as root, and so can change users.
    public let isRoot: Bool
    /// `Timeout` in seconds.
    public let timeout: Int
    /// The facts in the spec of a process.
    public let process: ProcessSpec
    /// `ServerRoot`, an absolute path.
    public let serverRoot: String
    /// The prefix of socket paths.
    public let socketPrefix: String
    /// The main configuration file; `nil` if not known.
    public let configurationFile: String?
    /// The files that httpd's user sees.
    public let httpdFiles: UserFiles

    /// Creates the facts from httpd's values.
    public init(
        companions: String, defaultPython: String, user: (id: UInt32, group: UInt32), isRoot: Bool, timeout: Int,
        process: ProcessSpec, serverRoot: String, socketPrefix: String, configurationFile: String?
    ) {
        self.companions = companions
        self.defaultPython = defaultPython
        userID = user.id
        groupID = user.group
        self.isRoot = isRoot
        self.timeout = timeout
        self.process = process
        self.serverRoot = serverRoot
        self.socketPrefix = socketPrefix
        self.configurationFile = configurationFile
        httpdFiles = UserFiles(
            user: user.id, group: user.group, groups: Accounts.groups(of: (user: user.id, group: user.group)))
    }

    /// The file of the engine, which daemon processes load.
    public var engine: String { companions + "/_wsgi_engine.abi3.so" }
}
