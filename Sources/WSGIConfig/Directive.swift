/// One directive: a row of `DirectiveTable`, from which everything about it is derived.
public struct Directive: Sendable {
    /// A settable property of settings.
    typealias Path<Root, Value> = WritableKeyPath<Root, Value> & Sendable
    /// What a directive does that is more than to set a property.
    typealias Action = @Sendable (Statement, inout ServerSettings) throws(ConfigError) -> Void

    /// The name of the directive.
    public let name: StaticString
    /// Its syntax and meaning in a sentence, for `httpd -L`.
    public let help: StaticString
    /// Where it may stand.
    public let scope: Scope

    private let effect: Effect
    /// Copies the property from one scope's settings to another's; only rows that set a directory setting do.
    let copy: @Sendable (borrowing DirectorySettings, inout DirectorySettings) -> Void
    /// The bit of `DirectorySettings.written`; 0 when the directive is no directory setting.
    private(set) var bit: UInt64 = 0

    private enum Effect: Sendable {
        case directory(@Sendable (Statement, inout DirectorySettings) throws(ConfigError) -> Void)
        case global(@Sendable (Statement, inout GlobalSettings) throws(ConfigError) -> Void)
        case server(Action)
    }

    /// Whether the directive sets a property of `DirectorySettings`.
    var isSetting: Bool {
        if case .directory = effect { true } else { false }
    }

    /// The row of a directory setting.
    static func setting<Value>(
        _ name: StaticString, _ path: any Path<DirectorySettings, Value>, _ kind: ValueKind<Value>, in scope: Scope,
        help: StaticString
    ) -> Directive {
        Directive(
            name: name, help: help, scope: scope,
            effect: .directory { (statement: Statement, settings: inout DirectorySettings) throws(ConfigError) in
                settings[keyPath: path] = try statement.onlyValue(kind)
            },
            copy: { $1[keyPath: path] = $0[keyPath: path] })
    }

    /// The row of a setting of the whole server.
    static func global<Value>(
        _ name: StaticString, _ path: any Path<GlobalSettings, Value>, _ kind: ValueKind<Value>, help: StaticString
    ) -> Directive {
        Directive(
            name: name, help: help, scope: .mainServer,
            effect: .global { (statement: Statement, settings: inout GlobalSettings) throws(ConfigError) in
                settings[keyPath: path] = try statement.onlyValue(kind)
            },
            copy: { _, _ in })
    }

    /// The row of a directive that adds something to a server.
    static func server(
        _ name: StaticString, in scope: Scope, help: StaticString, _ action: @escaping Action
    ) -> Directive {
        Directive(name: name, help: help, scope: scope, effect: .server(action), copy: { _, _ in })
    }

    /// The row with its bit of `DirectorySettings.written`.
    func assigned(bit: UInt64) -> Directive {
        var row = self
        row.bit = bit
        return row
    }

    /// Applies a statement.
    ///
    /// Within a directory-like container or `.htaccess` a directory setting goes to `directory`, elsewhere to the
    /// server's own; everything else always goes to `server`. Nothing is changed when the statement is refused.
    ///
    /// - Parameters:
    ///   - arguments: The text behind the directive's name, as httpd hands it to a RAW_ARGS directive.
    ///   - location: Where the statement stands.
    ///   - context: In what it stands.
    ///   - server: The settings of the enclosing server.
    ///   - directory: The settings of the enclosing container; not looked at when there is none.
    /// - Throws: `ConfigError` when the statement may not stand there, or its arguments are wrong.
    public func apply(
        _ arguments: String, at location: SourceLocation, in context: StatementContext,
        server: inout ServerSettings, directory: inout DirectorySettings
    ) throws(ConfigError) {
        try scope.check(name.description, in: context.place)
        let statement = try Statement(
            directive: name.description, words: Words(arguments, of: name.description).all, location: location,
            context: context)
        switch effect {
        case .directory(let set):
            if context.place == .directory || context.place == .htaccess {
                try set(statement, &directory)
                directory.written |= bit
            } else {
                try set(statement, &server.directory)
                server.directory.written |= bit
            }
        case .global(let set): try set(statement, &server.global)
        case .server(let act): try act(statement, &server)
        }
    }

    /// Applies a statement whose arguments are bytes as httpd has them.
    ///
    /// - Throws: `ConfigError` also when they are not UTF-8: a repaired path would be another path.
    public func apply(
        rawArguments: UnsafeRawBufferPointer, at location: SourceLocation, in context: StatementContext,
        server: inout ServerSettings, directory: inout DirectorySettings
    ) throws(ConfigError) {
        guard let arguments = unsafe String(validating: rawArguments, as: UTF8.self) else {
            throw ConfigError("\(name): the arguments are not valid UTF-8: save the configuration file as UTF-8.")
        }
        try apply(arguments, at: location, in: context, server: &server, directory: &directory)
    }
}
