/// One directive: a row of `DirectiveTable`, from which everything about it is derived.
public struct Directive: Sendable {
    /// A settable property of settings.
    typealias Path<Root, Value> = WritableKeyPath<Root, Value> & Sendable
    /// Applies a statement to settings of some kind.
    typealias Action<Settings> = @Sendable (Statement, inout Settings) throws(ConfigError) -> Void

    /// The name of the directive; that of a section begins with `<`.
    public let name: StaticString
    /// Its arguments, as in a syntax line.
    public let usage: String
    /// Its meaning in a sentence.
    public let help: StaticString
    /// The contexts that it is allowed in.
    public let scope: Scope
    /// The default value; empty: none.
    public let defaultValue: String

    /// Its effect.
    let effect: Effect
    /// Copies the property from one scope's settings to another's. Only rows of directory settings do.
    let copy: @Sendable (borrowing DirectorySettings, inout DirectorySettings) -> Void
    /// The bit of `DirectorySettings.written`; 0 if the directive is not a directory setting.
    private(set) var bit: UInt64 = 0
    /// Whether an inner scope adds to the property instead of replacing it.
    var isAccumulating = false
    /// A notice about an accepted statement, for the administrator.
    private var remarks: @Sendable (Statement) -> [String] = { _ in [] }
    /// Whether this version accepts the directive but does not act on it yet.
    public var isPending: Bool { isMissed != nil }
    /// For a directive that this version does not act on: whether its value would have an effect.
    private var isMissed: (@Sendable (GlobalSettings) -> Bool)?

    /// The effect of a directive.
    enum Effect: Sendable {
        case directory(Action<DirectorySettings>)
        case global(Action<GlobalSettings>)
        case interpreter(Action<InterpreterSettings>)
        case server(Action<ServerSettings>)
        case ignored(isMissed: @Sendable (Statement) throws(ConfigError) -> Bool, reason: String)
        case removed(reason: String)
    }

    /// Whether the directive sets a property of `DirectorySettings`.
    var isSetting: Bool {
        if case .directory = effect { true } else { false }
    }

    /// Whether the directive is a section, whose statements are applied before the next directive.
    public var isSection: Bool { name.description.hasPrefix("<") }

    /// Whether the directive was removed and is always rejected.
    public var isRemoved: Bool {
        if case .removed = effect { true } else { false }
    }

    /// Whether the directive is accepted without any effect.
    public var isIgnored: Bool {
        if case .ignored = effect { true } else { false }
    }

    /// Describes a directive.
    init(
        _ name: StaticString, _ usage: String, _ help: StaticString, _ scope: Scope, _ effect: Effect,
        defaultValue: String = "",
        copy: @escaping @Sendable (borrowing DirectorySettings, inout DirectorySettings) -> Void = { _, _ in }
    ) {
        self.name = name
        self.usage = usage
        self.help = help
        self.scope = scope
        self.effect = effect
        self.defaultValue = defaultValue
        self.copy = copy
    }

    /// The row with its bit of `DirectorySettings.written`.
    func assigned(bit: UInt64) -> Directive {
        var row = self
        row.bit = bit
        return row
    }

    /// The row of a directive that this version does not act on; `isMissed`: whether the settings would have an effect.
    func pending(_ isMissed: @escaping @Sendable (GlobalSettings) -> Bool) -> Directive {
        var row = self
        row.isMissed = isMissed
        return row
    }

    /// The row with notices about accepted statements.
    func remarking(_ remarks: @escaping @Sendable (Statement) -> [String]) -> Directive {
        var row = self
        row.remarks = remarks
        return row
    }

    /// Applies a statement.
    ///
    /// Within a directory-like container or `.htaccess`, a directory setting goes to `directory`, elsewhere to the
    /// server's own settings. All others go to `server`. A rejected statement changes nothing.
    ///
    /// - Parameters:
    ///   - arguments: The text after the directive's name, as httpd passes it to a RAW_ARGS directive.
    ///   - location: The place of the statement.
    ///   - context: Its context.
    ///   - server: The settings of the enclosing server.
    ///   - directory: The settings of the enclosing container; ignored if there is none.
    /// - Throws: `ConfigError` if the statement is not allowed there, or its arguments are invalid.
    public func apply(
        _ arguments: String, at location: SourceLocation, in context: StatementContext,
        server: inout ServerSettings, directory: inout DirectorySettings
    ) throws(ConfigError) {
        if case .removed(let reason) = effect { throw ConfigError("\(name) \(reason)") }
        try scope.check(name.description, in: context.section)
        let statement = try Statement(
            directive: title, words: Words(sectionArguments(arguments), of: title).all, location: location,
            context: context)
        switch effect {
        case .directory(let set):
            if context.section == .directory || context.section == .htaccess {
                try set(statement, &directory)
                directory.written |= bit
            } else {
                try set(statement, &server.directory)
                server.directory.written |= bit
            }
        case .global(let set):
            try set(statement, &server.global)
            server.global.written.insert(name.description)
        case .interpreter(let set):
            let last = server.global.interpreterBlocks.count - 1
            if context.section == .interpreterOptions, last >= 0 {
                try set(statement, &server.global.interpreterBlocks[last].settings)
            } else {
                try set(statement, &server.global.interpreter)
            }
        case .server(let act): try act(statement, &server)
        case .ignored(let isMissed, let reason):
            guard try isMissed(statement) else { break }
            server.notices.append(
                Notice(subject: title, text: "\(title) has no effect: \(reason)", location: location))
        case .removed: break
        }
        for remark in remarks(statement) {
            server.notices.append(Notice(subject: remark, text: remark, location: location))
        }
        if let isMissed, isMissed(server.global) {
            server.notices.append(
                Notice(
                    subject: title, text: "\(title) is accepted, but this version does not act on it yet.",
                    location: location))
        }
    }

    /// Applies a statement whose arguments are bytes, as httpd has them.
    ///
    /// - Throws: `ConfigError` also if they are not UTF-8, because a repaired path would be a different path.
    public func apply(
        rawArguments: UnsafeRawBufferPointer, at location: SourceLocation, in context: StatementContext,
        server: inout ServerSettings, directory: inout DirectorySettings
    ) throws(ConfigError) {
        guard let arguments = unsafe String(validating: rawArguments, as: UTF8.self) else {
            throw ConfigError("\(name): the arguments are not valid UTF-8: save the configuration file as UTF-8.")
        }
        try apply(arguments, at: location, in: context, server: &server, directory: &directory)
    }

    /// The name in messages: `<WSGIInterpreterOptions>` with its `>`.
    private var title: String { isSection ? "\(name)>" : name.description }

    /// The arguments of a section without the `>` that ends them.
    private func sectionArguments(_ arguments: String) throws(ConfigError) -> String {
        guard isSection else { return arguments }
        guard let end = arguments.lastIndex(of: ">"), arguments[end...].dropFirst().allSatisfy(\.isWhitespace) else {
            throw ConfigError("\(title): the '>' at the end of the line is missing.")
        }
        return String(arguments[..<end])
    }
}
