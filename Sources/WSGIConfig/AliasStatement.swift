/// `WSGIScriptAlias`.
enum AliasStatement {
    /// The options, by name.
    private static let options: [String] = [
        "process-group", "application-group", "callable-object", "pass-authorization",
    ]

    static func apply(_ statement: Statement, to server: inout ServerSettings) throws(ConfigError) {
        let directive = statement.directive
        guard statement.words.count >= 2 else {
            throw ConfigError(
                "\(directive) needs a URL path and a script file or directory: \(directive) /path /srv/app.wsgi.")
        }
        let (path, target) = (statement.words[0].text, statement.words[1].text)
        guard path.hasPrefix("/") else {
            throw ConfigError("\(directive): the URL path '\(path)' must begin with '/'.")
        }
        guard target.hasPrefix("/") else {
            throw ConfigError("\(directive): the script '\(target)' must be an absolute path.")
        }
        var values = Values()
        for word in statement.words.dropFirst(2) {
            let (name, value) = try statement.option(word, of: directive)
            try values.set(name, value, of: directive)
        }
        server.append(
            ScriptAlias(
                urlPath: path, target: target, processGroup: values.processGroup,
                applicationGroup: values.applicationGroup, callableObject: values.callableObject,
                passAuthorization: values.passAuthorization, location: statement.location))
    }

    private struct Values {
        var processGroup: GroupExpression?
        var applicationGroup: GroupExpression?
        var callableObject: ConfigText?
        var passAuthorization: Bool?

        mutating func set(_ name: String, _ value: String, of directive: String) throws(ConfigError) {
            let subject = "\(directive): option '\(name)'"
            switch name {
            case "process-group": processGroup = try group(value, subject)
            case "application-group": applicationGroup = try group(value, subject)
            case "callable-object":
                guard isIdentifier(value) else {
                    throw ConfigError("\(subject) must be \(ValueKind.callable.syntax), not '\(value)'.")
                }
                callableObject = ConfigText(value)
            case "pass-authorization": passAuthorization = try ValueKind.flag.value(of: value, for: subject)
            default: throw unknownOption(name, of: directive, known: options)
            }
        }

        private func group(_ value: String, _ subject: String) throws(ConfigError) -> GroupExpression {
            guard !value.isEmpty else {
                throw ConfigError(
                    "\(subject) must not be empty; for embedded mode or the main interpreter write %{GLOBAL}.")
            }
            return GroupExpression(value)
        }
    }
}
