/// A script whose functions httpd asks while it handles a request: to authenticate, to authorise, to choose a group.
///
/// Immutable, so that requests may keep a reference to it for as long as the configuration lives.
public final class HookScript: Sendable, Equatable {
    /// The script file.
    public let path: ConfigText
    /// The interpreter it runs in; the main one unless `application-group=` was written.
    public let applicationGroup: GroupExpression
    /// Where the directive stands.
    public let location: SourceLocation

    /// Describes a script.
    public init(path: String, applicationGroup: GroupExpression, location: SourceLocation) {
        self.path = ConfigText(path)
        self.applicationGroup = applicationGroup
        self.location = location
    }

    /// Whether both come from the same statement.
    public static func == (one: HookScript, other: HookScript) -> Bool {
        one.path == other.path && one.applicationGroup == other.applicationGroup && one.location == other.location
    }

    /// Reads `path [application-group=name]`.
    convenience init(_ statement: Statement) throws(ConfigError) {
        let path = try statement.scriptPath(at: 0, syntax: "/srv/script.py [application-group=name]")
        let options = try ScriptOptions(statement, from: 1, known: [.applicationGroup])
        self.init(
            path: path, applicationGroup: options.applicationGroup ?? GroupExpression("%{GLOBAL}"),
            location: statement.location)
    }
}

/// A `WSGIHandlerScript`: a script that serves every file of a handler's name.
///
/// Immutable, so that requests may keep a reference to it for as long as the configuration lives.
public final class HandlerScript: Sendable, Equatable {
    /// The handler's name, for `SetHandler` and `AddHandler`.
    public let name: ConfigText
    /// The script file.
    public let path: ConfigText
    /// `process-group=`; `nil`: as the settings say.
    public let processGroup: GroupExpression?
    /// `application-group=`; `nil`: as the settings say.
    public let applicationGroup: GroupExpression?
    /// `pass-authorization=`; `nil`: as the settings say.
    public let passAuthorization: Bool?
    /// Where the directive stands.
    public let location: SourceLocation

    /// Whether both come from the same statement.
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

/// A script that is to be imported before the first request, with what asks for it.
public struct ImportScript: Sendable {
    /// The script file.
    public let path: String
    /// The process group, "" meaning embedded mode.
    public let processGroup: String
    /// The application group, "" meaning the main interpreter.
    public let applicationGroup: String
    /// The directive that asks for it, for messages.
    public let owner: String
    /// Where it stands.
    public let location: SourceLocation
    /// The URL path of the alias that asks for it, empty when that is an expression; `nil`: no alias does.
    public var mountPoint: String?
}

extension ImportScript {
    /// What the groups of an alias ask for; `nil` when one of them is missing or depends on the request.
    init?(
        path: String, _ processGroup: GroupExpression?, _ applicationGroup: GroupExpression?, owner: String,
        location: SourceLocation
    ) {
        guard let process = processGroup?.staticText, let application = applicationGroup?.staticText else { return nil }
        self.init(
            path: path, processGroup: process, applicationGroup: application, owner: owner, location: location)
    }

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
        // Without a request variables have no value, so what looks like one is a name.
        server.importScripts.append(
            ImportScript(
                path: path, processGroup: options.processGroup?.text.string ?? "",
                applicationGroup: options.applicationGroup?.text.string ?? "", owner: "\(directive) '\(path)'",
                location: statement.location))
    }
}

extension Statement {
    /// The path of a script, which must be the word at `index`. One that is relative leads nowhere; configtest says so.
    func scriptPath(at index: Int, syntax: String) throws(ConfigError) -> String {
        guard words.indices.contains(index) else {
            throw ConfigError("\(directive) needs \(index == 0 ? "a script" : "more"): \(directive) \(syntax).")
        }
        let path = words[index].text
        guard !path.isEmpty else { throw ConfigError("\(directive): the path of the script must not be empty.") }
        return path
    }
}
