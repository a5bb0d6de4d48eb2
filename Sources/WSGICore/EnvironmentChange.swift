/// A variable that the environment of a process is to have, or not to have.
public struct EnvironmentChange: Spec {
    /// The name.
    public var name = ""
    /// The value, which may be a secret and is for no log; `nil`: the process does not get the variable.
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

    /// An environment, as `NAME=value`, with these variables: a later one counts more than an earlier one.
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
