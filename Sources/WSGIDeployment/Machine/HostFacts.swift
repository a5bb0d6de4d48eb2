public import WSGICore

/// httpd on this machine, as far as process groups and checks depend on it.
public struct HostFacts {
    /// The engine's and the supervisor's directory.
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
    /// The facts in a process' spec.
    public let process: ProcessSpec
    /// `ServerRoot`, an absolute path.
    public let serverRoot: String
    /// The paths of sockets begin with it.
    public let socketPrefix: String
    /// The file that httpd read first; `nil`: not known.
    public let configurationFile: String?
    /// Files as httpd's user sees them.
    public let httpdFiles: UserFiles

    /// Takes what httpd knows.
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
