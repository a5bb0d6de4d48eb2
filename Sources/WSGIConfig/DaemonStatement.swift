/// `WSGIDaemonProcess`.
enum DaemonStatement {
    static func apply(_ statement: Statement, to server: inout ServerSettings) throws(ConfigError) {
        let name = try name(statement)
        let owner = "\(statement.directive) '\(name)'"
        var options = DaemonOptions()
        for word in statement.words.dropFirst() {
            let (name, value) = try statement.option(word, of: owner)
            guard let option = DaemonOptionTable.option(named: name) else {
                throw unknownOption(name, of: owner, known: DaemonOptionTable.all.map(\.name.description))
            }
            try option.apply(value, of: owner, to: &options)
            if option.isPending, option.print(options) != option.print(DaemonOptions()) {
                server.notices.append(
                    Notice(
                        subject: "\(statement.directive) \(name)=",
                        text: "option '\(name)' of \(owner) is accepted, but this version does not act on it yet.",
                        location: statement.location))
            }
        }
        if options.python != nil && options.pythonHome != nil {
            throw ConfigError(
                "\(owner) has both python= and python-home=: python= already selects the Python of the processes; "
                    + "remove python-home=.")
        }
        if options.scriptUser != nil && options.scriptGroup != nil {
            throw ConfigError(
                "\(owner) has both script-user= and script-group=: a script is checked against one of them, so remove the "
                    + "other.")
        }
        let definition = GroupDefinition(
            name: name, options: options, location: statement.location,
            isGlobal: statement.context.section == .mainServer, serverName: statement.context.serverName)
        for index in server.groupDefinitions.indices where server.groupDefinitions[index].name == name {
            try definition.check(against: server.groupDefinitions[index])
        }
        server.groupDefinitions.append(definition)
    }

    private static func name(_ statement: Statement) throws(ConfigError) -> String {
        let directive = statement.directive
        guard let word = statement.words.first, !word.text.isEmpty else {
            throw ConfigError("\(directive) needs the name of the process group: \(directive) name [option=value ...].")
        }
        if let option = word.option, DaemonOptionTable.option(named: option.key) != nil {
            throw ConfigError(
                "\(directive) needs the name of the process group before its options: \(directive) name \(word.text).")
        }
        guard word.text.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) else {
            throw ConfigError(
                "\(directive): '\(word.text)' cannot be the name of a process group; it must not contain control "
                    + "characters.")
        }
        return word.text
    }
}
