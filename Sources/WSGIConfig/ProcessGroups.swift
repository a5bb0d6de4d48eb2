/// A server of the configuration, with the properties that decide which process groups it sees.
public struct HostIdentity: Equatable, Sendable {
    /// Whether it is the main server.
    public let isMain: Bool
    /// Its final `ServerName`; `nil` when it has none.
    public let name: String?

    /// Describes a server.
    public init(isMain: Bool, name: String?) {
        self.isMain = isMain
        self.name = name
    }
}

/// A server and its settings.
public struct ConfiguredServer: Sendable {
    /// The server.
    public let host: HostIdentity
    /// Its settings, merged or not.
    public let settings: ServerSettings

    /// Pairs a server with its settings.
    public init(host: HostIdentity, settings: ServerSettings) {
        self.host = host
        self.settings = settings
    }
}

/// All process groups of a configuration, and the servers that may use them.
///
/// Created after the whole configuration has been read, and immutable. Servers are identified by their index in the
/// list that the groups were collected from.
public struct ProcessGroups: Sendable {
    /// One group. Its index in `all` is its index everywhere.
    public struct Group: Sendable {
        /// The definition, the first of several identical ones.
        public let definition: GroupDefinition
        /// The group's name.
        public let name: ConfigText
        /// The server that it is defined in, the first of several.
        public let server: Int
        /// For each server, whether its requests may use the group.
        public fileprivate(set) var isUsable: [Bool]
    }

    /// The result of a lookup by name.
    public enum Lookup: Equatable, Sendable {
        /// The index of a group that may be used.
        case found(Int)
        /// The index of a group that belongs to another virtual host.
        case ofOtherHost(Int)
        /// There is no such group.
        case unknown
    }

    /// The groups in the order of the servers, and of the definitions within a server.
    public private(set) var all: [Group] = []
    /// Notices about repeated definitions.
    public private(set) var notices: [Notice] = []

    private let hosts: [HostIdentity]
    /// The servers of each `ServerName` in lower case.
    private let sites: [String: [Int]]
    /// The indices of names in `all`.
    private var index = HashIndex(count: 0)
    private var positions: [String: Int] = [:]

    /// Collects the definitions of all servers.
    ///
    /// Identical definitions repeatedly count as one.
    ///
    /// - Throws: `ConfigError` if two definitions of a name differ, or there are too many; it names the locations.
    public init(servers: [ConfiguredServer]) throws(ConfigError) {
        hosts = servers.map(\.host)
        var sites: [String: [Int]] = [:]
        for (index, host) in hosts.enumerated() {
            if let name = host.name { sites[name.lowercased(), default: []].append(index) }
        }
        self.sites = sites
        for (index, server) in servers.enumerated() {
            for definition in server.settings.groupDefinitions { try add(definition, of: index) }
        }
        try checkLimits()
        index = HashIndex(count: all.count)
        for (position, group) in all.enumerated() {
            unsafe group.name.withBytes { name in
                unsafe index.insert(position, hash: ByteHash.value(of: name)) { _ in false }
            }
        }
    }

    /// Finds a group by name for a request of a server. Does not allocate.
    public func find(_ name: UnsafeRawBufferPointer, from server: Int) -> Lookup {
        let position = unsafe index.first(ByteHash.value(of: name)) { position in unsafe all[position].name.equals(name)
        }
        guard let position else { return .unknown }
        let isUsable = all[position].isUsable.indices.contains(server) && all[position].isUsable[server]
        return isUsable ? .found(position) : .ofOtherHost(position)
    }

    /// The same for a name that is a String; allocates.
    public func find(_ name: String, from server: Int) -> Lookup {
        unsafe ConfigText(name).withBytes { unsafe find($0, from: server) }
    }

    /// The remedy for the name of a group that does not exist: the nearest name, and those that can be used.
    public func advice(onUnknown name: String, from server: Int) -> String {
        let known = names(usableFrom: server)
        guard !known.isEmpty else { return "add a WSGIDaemonProcess '\(name)'; none can be used by this server." }
        let list = " Groups that can be used here: \(known.joined(separator: ", "))."
        guard let nearest = nearest(to: name, from: server) else {
            return "add a WSGIDaemonProcess '\(name)', or use another group.\(list)"
        }
        return "did you mean '\(nearest)'?\(list)"
    }

    /// The group that is probably meant by the name of a group that does not exist; `nil`: no name is similar.
    public func nearest(to name: String, from server: Int) -> String? {
        NearestName.nearest(to: name, among: names(usableFrom: server))
    }

    private func names(usableFrom server: Int) -> [String] {
        all.filter { $0.isUsable.indices.contains(server) && $0.isUsable[server] }.map(\.definition.name)
    }

    /// For each server, whether its requests may use a group that is defined in the server `definer`.
    ///
    /// They may if it is defined in the main server, in the same server, or in one of the same `ServerName`.
    private func users(ofGroupIn definer: Int) -> [Bool] {
        guard !hosts[definer].isMain else { return Array(repeating: true, count: hosts.count) }
        var usable = Array(repeating: false, count: hosts.count)
        usable[definer] = true
        if let name = hosts[definer].name {
            for index in sites[name.lowercased(), default: []] { usable[index] = true }
        }
        return usable
    }

    /// Whether one of the two servers has no name, so that they can never count as one site.
    func isNameMissing(_ group: Group, _ server: Int) -> Bool {
        hosts[group.server].name == nil || hosts[server].name == nil
    }

    private mutating func add(_ definition: GroupDefinition, of server: Int) throws(ConfigError) {
        let usable = users(ofGroupIn: server)
        guard let known = positions[definition.name] else {
            positions[definition.name] = all.count
            all.append(
                Group(
                    definition: definition, name: ConfigText(definition.name), server: server, isUsable: usable))
            return
        }
        let first = all[known].definition
        try definition.check(against: first)
        for index in usable.indices where usable[index] { all[known].isUsable[index] = true }
        notices.append(
            Notice(
                subject: "WSGIDaemonProcess '\(first.name)' at \(definition.location)",
                text: "WSGIDaemonProcess '\(first.name)' is the same as at \(first.location): both count as one "
                    + "definition.",
                location: definition.location))
    }

    private func checkLimits() throws(ConfigError) {
        guard all.count <= DaemonOptionTable.maximumGroups else {
            throw ConfigError(
                "there are \(all.count) process groups; at most \(DaemonOptionTable.maximumGroups) are possible.")
        }
        let processes = all.reduce(0) { $0 + $1.definition.options.processes }
        guard processes <= DaemonOptionTable.maximumProcesses else {
            throw ConfigError(
                "the process groups have \(processes) processes together; at most "
                    + "\(DaemonOptionTable.maximumProcesses) are possible.")
        }
    }
}
