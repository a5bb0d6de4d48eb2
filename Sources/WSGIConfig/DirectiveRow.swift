// The kinds of rows of `DirectiveTable`.

extension Directive {
    /// The row of a directory setting with one value.
    static func setting<Value>(
        _ name: StaticString, _ path: any Path<DirectorySettings, Value>, _ kind: ValueKind<Value>, in scope: Scope,
        help: StaticString
    ) -> Directive {
        Directive(
            name, kind.usage, help, scope,
            .directory { (statement: Statement, settings: inout DirectorySettings) throws(ConfigError) in
                settings[keyPath: path] = try statement.onlyValue(kind)
            }, defaultValue: kind.print(DirectorySettings()[keyPath: path]),
            copy: { $1[keyPath: path] = $0[keyPath: path] })
    }

    /// The row of a directory setting that is read from all words of the statement.
    ///
    /// - Parameter read: Computes the new value from the old one, which is the default unless the directive is repeated
    ///   in one scope.
    /// - Parameter merge: Merges the values of an outer and an inner scope; by default the inner value is used.
    static func setting<Value>(
        _ name: StaticString, _ path: any Path<DirectorySettings, Value>, _ usage: String, in scope: Scope,
        help: StaticString,
        merge: (@Sendable (_ inner: Value, _ outer: Value) -> Value)? = nil,
        read: @escaping @Sendable (Statement, Value) throws(ConfigError) -> Value
    ) -> Directive {
        var row = Directive(
            name, usage, help, scope,
            .directory { (statement: Statement, settings: inout DirectorySettings) throws(ConfigError) in
                settings[keyPath: path] = try read(statement, settings[keyPath: path])
            }, copy: { $1[keyPath: path] = merge?($0[keyPath: path], $1[keyPath: path]) ?? $0[keyPath: path] })
        row.isAccumulating = merge != nil
        return row
    }

    /// The row of a directive that names a script with functions that httpd calls.
    static func hook(
        _ name: StaticString, _ path: any Path<DirectorySettings, HookScript?>, in scope: Scope, help: StaticString
    ) -> Directive {
        setting(name, path, "path [application-group=name]", in: scope, help: help) {
            (statement: Statement, _) throws(ConfigError) in try HookScript(statement)
        }
    }

    /// The row of a setting of the whole server with one value.
    static func global<Value>(
        _ name: StaticString, _ path: any Path<GlobalSettings, Value>, _ kind: ValueKind<Value>, help: StaticString
    ) -> Directive {
        Directive(
            name, kind.usage, help, .mainServer,
            .global { (statement: Statement, settings: inout GlobalSettings) throws(ConfigError) in
                settings[keyPath: path] = try statement.onlyValue(kind)
            }, defaultValue: kind.print(GlobalSettings()[keyPath: path]))
    }

    /// The row of a setting of the whole server that is read from all words of the statement.
    static func global(
        _ name: StaticString, _ usage: String, help: StaticString, _ action: @escaping Action<GlobalSettings>
    ) -> Directive {
        Directive(name, usage, help, .mainServer, .global(action))
    }

    /// The row of a setting of interpreters.
    static func interpreter<Value>(
        _ name: StaticString, _ path: any Path<InterpreterSettings, Value?>, _ kind: ValueKind<Value>,
        default value: String, help: StaticString
    ) -> Directive {
        Directive(
            name, kind.usage, help, .interpreter,
            .interpreter { (statement: Statement, settings: inout InterpreterSettings) throws(ConfigError) in
                settings[keyPath: path] = try statement.onlyValue(kind)
            }, defaultValue: value)
    }

    /// The row of a setting of interpreters whose kind has a value for "not written".
    static func interpreter<Value>(
        _ name: StaticString, _ path: any Path<InterpreterSettings, Value>, _ kind: ValueKind<Value>,
        help: StaticString
    ) -> Directive {
        Directive(
            name, kind.usage, help, .interpreter,
            .interpreter { (statement: Statement, settings: inout InterpreterSettings) throws(ConfigError) in
                settings[keyPath: path] = try statement.onlyValue(kind)
            })
    }

    /// The row of a directive that adds something to a server.
    static func server(
        _ name: StaticString, _ usage: String, in scope: Scope = .server, help: StaticString,
        _ action: @escaping Action<ServerSettings>
    ) -> Directive {
        Directive(name, usage, help, scope, .server(action))
    }

    /// The row of a directive without effect in this module. The value `usual` describes what the module does anyway,
    /// and causes no notice.
    static func ignored<Value>(
        _ name: StaticString, _ kind: ValueKind<Value>, usual: Value, help: StaticString, because reason: String
    ) -> Directive {
        Directive(
            name, kind.usage, help, .mainServer,
            .ignored(
                isMissed: { (statement: Statement) throws(ConfigError) in try statement.onlyValue(kind) != usual },
                reason: reason))
    }

    /// The row of a directive that mod_wsgi has removed; `reason` continues a sentence that begins with its name.
    static func removed(_ name: StaticString, _ reason: String, help: StaticString) -> Directive {
        Directive(name, "", help, .fileInfo, .removed(reason: reason))
    }
}
