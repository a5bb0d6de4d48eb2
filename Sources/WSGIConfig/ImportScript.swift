/// A script to import before the first request, and the directive that requests it.
public struct ImportScript: Sendable {
    /// The script file.
    public let path: String
    /// The process group; "" is embedded mode.
    public let processGroup: String
    /// The application group; "" is the main interpreter.
    public let applicationGroup: String
    /// The directive that requests it, for messages.
    public let owner: String
    /// The place of the directive.
    public let location: SourceLocation
    /// The URL path of the alias that requests it, empty if that is a regular expression; `nil` without an alias.
    public var mountPoint: String?
    /// Whether `applicationGroup` is `%{AUTO}`: the script is imported only if that is the main interpreter.
    public var isAuto = false
    /// The factory that makes the alias's application, `name()`; empty: none, or not known yet.
    public var factory = ""
}

extension ImportScript {
    /// The import that an alias requests by its groups; `nil` if one of them is missing or depends on the request.
    init?(
        path: String, _ processGroup: GroupExpression?, _ applicationGroup: GroupExpression?, owner: String,
        location: SourceLocation
    ) {
        let isAuto = applicationGroup?.kind == .auto
        guard let process = processGroup?.staticText,
            let application = isAuto ? "" : applicationGroup?.staticText
        else { return nil }
        self.init(
            path: path, processGroup: process, applicationGroup: application, owner: owner, location: location,
            isAuto: isAuto)
    }
}
