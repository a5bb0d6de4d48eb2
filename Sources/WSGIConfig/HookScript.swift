/// A script whose functions httpd calls during a request, to authenticate, to authorise or to choose a group.
///
/// Immutable, so that requests may keep a reference to it while the configuration exists.
public final class HookScript: Sendable, Equatable {
    /// The script file.
    public let path: ConfigText
    /// The interpreter that it runs in; the main one unless `application-group=` was written.
    public let applicationGroup: GroupExpression
    /// The place of the directive.
    public let location: SourceLocation

    /// Describes a script.
    public init(path: String, applicationGroup: GroupExpression, location: SourceLocation) {
        self.path = ConfigText(path)
        self.applicationGroup = applicationGroup
        self.location = location
    }

    /// Whether both are from the same statement.
    public static func == (one: HookScript, other: HookScript) -> Bool {
        one.path == other.path && one.applicationGroup == other.applicationGroup && one.location == other.location
    }

    /// Reads `path [application-group=name]`.
    convenience init(_ statement: Statement) throws(ConfigError) {
        let path = try statement.scriptPath(at: 0, syntax: "/srv/script.py [application-group=name]")
        let options = try ScriptOptions(statement, from: 1, known: [.applicationGroup])
        let group = options.applicationGroup.flatMap { $0.kind == .auto ? nil : $0 }
        self.init(
            path: path, applicationGroup: group ?? GroupExpression("%{GLOBAL}"), location: statement.location)
    }
}

/// A `WSGIHandlerScript`: a script that serves all files of a handler.
///
/// Immutable, so that requests may keep a reference to it while the configuration exists.
public final class HandlerScript: Sendable, Equatable {
    /// The handler's name, for `SetHandler` and `AddHandler`.
    public let name: ConfigText
    /// The script file.
    public let path: ConfigText
    /// `process-group=`; `nil`: that of the settings.
    public let processGroup: GroupExpression?
    /// `application-group=`; `nil`: that of the settings.
    public let applicationGroup: GroupExpression?
    /// `pass-authorization=`; `nil`: that of the settings.
    public let passAuthorization: Bool?
    /// The place of the directive.
    public let location: SourceLocation

    /// Whether both are from the same statement.
    public static func == (one: HandlerScript, other: HandlerScript) -> Bool {
        one.name == other.name && one.path == other.path && one.location == other.location
    }

    /// Reads `name path [options]`.
    init(_ statement: Statement) throws(ConfigError) {
        let syntax = "name /srv/script.py [process-group=name] [application-group=name] [pass-authorization=On|Off]"
        let path = try statement.scriptPath(at: 1, syntax: syntax)
        let name = statement.words[0].text
        guard !name.isEmpty, name != "wsgi-script", name != "application/x-httpd-wsgi" else {
            throw ConfigError(
                "\(statement.directive): '\(name)' cannot be the name of a handler script; choose another name.")
        }
        let options = try ScriptOptions(
            statement, from: 2, known: [.processGroup, .applicationGroup, .passAuthorization])
        self.name = ConfigText(name)
        self.path = ConfigText(path)
        processGroup = options.processGroup
        applicationGroup = options.applicationGroup
        passAuthorization = options.passAuthorization
        location = statement.location
    }
}

extension Statement {
    /// The path of a script, which must be the word at `index`. Relative paths are reported by configtest.
    func scriptPath(at index: Int, syntax: String) throws(ConfigError) -> String {
        guard words.indices.contains(index) else {
            throw ConfigError("\(directive) needs \(index == 0 ? "a script" : "more"): \(directive) \(syntax).")
        }
        let path = words[index].text
        guard !path.isEmpty else { throw ConfigError("\(directive): the path of the script must not be empty.") }
        return path
    }
}
