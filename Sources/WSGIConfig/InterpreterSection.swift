/// `<WSGIInterpreterOptions>`.
enum InterpreterSection {
    static func open(_ statement: Statement, on server: inout ServerSettings) throws(ConfigError) {
        var block = InterpreterBlock(location: statement.location)
        for word in statement.words {
            let (name, value) = try statement.option(word, of: statement.directive)
            let group = value == "%{GLOBAL}" ? "" : value
            switch name.lowercased() {
            case "process-group":
                if block.processGroup != nil { throw twice(name, statement) }
                block.processGroup = group
            case "application-group":
                if block.applicationGroup != nil { throw twice(name, statement) }
                block.applicationGroup = group
            default:
                throw unknownOption(name, of: statement.directive, known: ["process-group", "application-group"])
            }
        }
        server.global.interpreterBlocks.append(block)
    }

    private static func twice(_ name: String, _ statement: Statement) -> ConfigError {
        ConfigError("\(statement.directive): \(name)= is given twice: write a section for each group.")
    }
}
