extension ImportScript {
    /// `WSGIImportScript path process-group=name application-group=name`.
    static func apply(_ statement: Statement, to server: inout ServerSettings) throws(ConfigError) {
        let directive = statement.directive
        let path = try statement.scriptPath(
            at: 0, syntax: "/srv/script.py process-group=name application-group=name")
        let options = try ScriptOptions(statement, from: 1, known: [.processGroup, .applicationGroup])
        for (name, value) in [
            ("process-group", options.processGroup), ("application-group", options.applicationGroup),
        ] {
            guard value != nil else {
                throw ConfigError(
                    "\(directive) '\(path)' needs \(name)=, because a script is imported before the first request; "
                        + "%{GLOBAL} means \(name == "process-group" ? "embedded mode" : "the main interpreter").")
            }
        }
        // Variables have no value without a request, so their text is a name.
        server.importScripts.append(
            ImportScript(
                path: path, processGroup: options.processGroup?.text.string ?? "",
                applicationGroup: options.applicationGroup?.text.string ?? "", owner: "\(directive) '\(path)'",
                location: statement.location))
    }
}
