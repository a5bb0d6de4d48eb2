/// A `WSGIDaemonProcess`: the definition of a process group.
public struct GroupDefinition: Equatable, Sendable {
    /// The group's name.
    public let name: String
    /// Its options.
    public let options: DaemonOptions
    /// Its location in the configuration.
    public let location: SourceLocation
    /// Whether it is in the main server, and so can be used by all servers.
    public let isGlobal: Bool
    /// The `ServerName` of its virtual host, if given before it; for messages only.
    public let serverName: String?

    /// Describes a definition.
    public init(
        name: String, options: DaemonOptions, location: SourceLocation, isGlobal: Bool, serverName: String? = nil
    ) {
        self.name = name
        self.options = options
        self.location = location
        self.isGlobal = isGlobal
        self.serverName = serverName
    }

    /// The name in process lists.
    public var displayName: String {
        guard let wanted = options.displayName, wanted != "%{GROUP}" else { return "(wsgi:\(name))" }
        return wanted
    }

    /// The first option in which `other` differs; `nil` if both differ in their places only.
    func differingOption(from other: GroupDefinition) -> DaemonOption? {
        DaemonOptionTable.all.first { option in
            option.bit & options.written != option.bit & other.options.written
                || option.print(options) != option.print(other.options)
        }
    }

    /// Rejects a second definition of a name that differs from the first.
    func check(against first: GroupDefinition) throws(ConfigError) {
        guard name == first.name, let option = differingOption(from: first) else { return }
        let both = option.isSecret ? "" : " (\(first.written(option)) there, \(written(option)) here)"
        throw ConfigError(
            "WSGIDaemonProcess '\(name)' at \(location) was already defined at \(first.location) with a different "
                + "\(option.name)=\(both): rename one of them, or make them the same.")
    }

    private func written(_ option: DaemonOption) -> String {
        option.isWritten(in: options)
            ? option.print(options).map { "'\($0)'" }.joined(separator: ", ") : "not given"
    }
}
