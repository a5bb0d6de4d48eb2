/// `WSGIScriptAlias` and `WSGIScriptAliasMatch`.
enum AliasStatement {
    /// The alias of a URL path.
    static func path(_ statement: Statement, to server: inout ServerSettings) throws(ConfigError) {
        try apply(statement, isPattern: false, to: &server)
    }

    /// The alias of all URL paths that a regular expression matches.
    static func pattern(_ statement: Statement, to server: inout ServerSettings) throws(ConfigError) {
        try apply(statement, isPattern: true, to: &server)
    }

    private static func apply(
        _ statement: Statement, isPattern: Bool, to server: inout ServerSettings
    ) throws(ConfigError) {
        let directive = statement.directive
        guard statement.words.count >= 2 else {
            let example = isPattern ? "^/path/([a-z]+) /srv/$1.wsgi" : "/path /srv/app.wsgi"
            throw ConfigError(
                "\(directive) needs a \(isPattern ? "regular expression" : "URL path") and a script file or directory: "
                    + "\(directive) \(example).")
        }
        let (path, target) = (statement.words[0].text, statement.words[1].text)
        guard isPattern || path.hasPrefix("/") else {
            throw ConfigError("\(directive): the URL path '\(path)' must begin with '/'.")
        }
        guard !path.isEmpty else { throw ConfigError("\(directive): the regular expression must not be empty.") }
        guard !target.isEmpty else { throw ConfigError("\(directive): the path of the script must not be empty.") }
        let options = try ScriptOptions(statement, from: 2, known: ScriptOptions.Name.allCases)
        server.ownAliases.append(
            ScriptAlias(
                urlPath: path, isPattern: isPattern, target: target, processGroup: options.processGroup,
                applicationGroup: options.applicationGroup, callableObject: options.callableObject,
                passAuthorization: options.passAuthorization, location: statement.location))
        let dependsOnRequest = isPattern && target.contains("$")
        if !dependsOnRequest, target.hasPrefix("/"),
            var preload = ImportScript(
                path: target, options.processGroup, options.applicationGroup, owner: "\(directive) '\(path)'",
                location: statement.location)
        {
            preload.mountPoint = isPattern || path == "/" ? "" : path
            if let name = options.callableObject?.string, name.hasSuffix("()") { preload.factory = name }
            server.importScripts.append(preload)
        }
    }
}
