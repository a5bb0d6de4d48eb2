/// A variable to set in, or remove from, the environment of a process.
public struct EnvironmentChange: Spec {
    /// The name.
    public var name = ""
    /// The value. It may be a secret and must not be logged. `nil`: the variable is removed.
    public var value: String?

    /// The fields, in the order in which they are sent.
    public static let fields: [SpecField<EnvironmentChange>] = [
        .field("name", \.name),
        .field("value", \.value),
    ]

    /// A change without a name, which changes nothing.
    public init() {}

    /// Names a variable and its value.
    public init(_ name: String, _ value: String?) {
        self.name = name
        self.value = value
    }

    /// Applies the changes to an environment of `NAME=value` entries. Later changes take precedence.
    public static func apply(_ variables: [EnvironmentChange], to inherited: [String]) -> [String] {
        guard !variables.isEmpty else { return inherited }
        var last: [String: Int] = [:]
        for (index, variable) in variables.enumerated() { last[variable.name] = index }
        let kept = inherited.filter { entry in last[String(entry.prefix { $0 != "=" })] == nil }
        let own = variables.enumerated().compactMap { index, variable in
            last[variable.name] == index ? variable.value.map { "\(variable.name)=\($0)" } : nil
        }
        return kept + own
    }
}
