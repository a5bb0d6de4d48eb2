/// The options that directives with a script have in common, each `nil` if not written.
struct ScriptOptions: Sendable {
    /// An option's name.
    enum Name: String, CaseIterable, Sendable {
        case processGroup = "process-group"
        case applicationGroup = "application-group"
        case callableObject = "callable-object"
        case passAuthorization = "pass-authorization"
    }

    private(set) var processGroup: GroupExpression?
    private(set) var applicationGroup: GroupExpression?
    private(set) var callableObject: ConfigText?
    private(set) var passAuthorization: Bool?

    /// Reads the options of a statement, starting with its word `first`; `known` are those that its directive has.
    init(_ statement: Statement, from first: Int, known: [Name]) throws(ConfigError) {
        for word in statement.words.dropFirst(first) {
            let (name, value) = try statement.option(word, of: statement.directive)
            guard let option = Name(rawValue: name), known.contains(option) else {
                throw unknownOption(name, of: statement.directive, known: known.map(\.rawValue))
            }
            try set(option, value, "\(statement.directive): option '\(name)'")
        }
    }

    private mutating func set(_ name: Name, _ value: String, _ subject: String) throws(ConfigError) {
        switch name {
        case .processGroup: processGroup = GroupExpression(try group(value, subject))
        case .applicationGroup: applicationGroup = GroupExpression(applicationGroup: try group(value, subject))
        case .callableObject:
            // A variable has no meaning here; it is the name of an object that no script has.
            guard isCallableName(value) || value.hasPrefix("%{") else {
                throw ValueKind.callable.rejection(of: value, for: subject)
            }
            callableObject = ConfigText(value)
        case .passAuthorization: passAuthorization = try ValueKind.flag.value(of: value, for: subject)
        }
    }

    private func group(_ value: String, _ subject: String) throws(ConfigError) -> String {
        guard !value.isEmpty else {
            throw ConfigError(
                "\(subject) must not be empty; for embedded mode or the main interpreter write %{GLOBAL}.")
        }
        return value
    }
}
