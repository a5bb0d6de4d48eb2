/// Settings that a request gets from its directory and its server; both hold them.
///
/// Every property has its default value. One bit for each row of `DirectiveTable` records whether it was written here.
public struct DirectorySettings: Equatable, Sendable {
    /// The process group that serves the request; the empty name: embedded.
    public var processGroup = GroupExpression("")
    /// The application group, and so the interpreter.
    public var applicationGroup = GroupExpression("%{RESOURCE}")
    /// The name of the application in the script's module.
    public var callableObject = GroupExpression("application", role: .callableObject)
    /// Whether and when a changed script file is loaded again.
    public var scriptReloading = ScriptReloading.on
    /// Whether applications see the `Authorization` header.
    public var passAuthorization = false
    /// Whether each request has a W3C trace context.
    public var traceContext = false
    /// Whether a request body of unknown length is accepted.
    public var chunkedRequest = false
    /// Whether httpd may use sendfile for files that applications return; `auto`: those of local file systems.
    public var enableSendfile = OnOffAuto.auto
    /// Whether httpd's error documents replace the error pages of applications.
    public var errorOverride = false
    /// Whether applications see HEAD as GET; `auto`: if an output filter of the request needs the body.
    public var mapHeadToGet = OnOffAuto.auto
    /// The headers that are trusted if a proxy sends them.
    public var trustedProxyHeaders: [TrustedHeader] = []
    /// The proxies that are trusted; `nil`: all peers.
    public var trustedProxies: AddressList?
    /// Whether requests do not reset the inactivity timer of their process.
    public var ignoreActivity = false
    /// Whether embedded applications see httpd's request as `apache.request_rec`.
    public var passApacheRequest = false
    /// The process groups that may serve requests; `nil`: all.
    public var restrictProcess: ProcessRestriction?
    /// The script that chooses groups and callable; `nil`: none.
    public var dispatchScript: HookScript?
    /// The script that decides which hosts have access; `nil`: none.
    public var accessScript: HookScript?
    /// The script that checks passwords; `nil`: none.
    public var authUserScript: HookScript?
    /// The script that returns the groups of users; `nil`: none.
    public var authGroupScript: HookScript?
    /// Accepted for compatibility, without effect.
    public var groupAuthoritative = true
    /// The handlers that are scripts, the innermost definition of a name first.
    public var handlerScripts: [HandlerScript] = []

    /// One bit for each row of `DirectiveTable.settings` that was written in this scope.
    public internal(set) var written: UInt64 = 0

    /// Settings with their default values.
    public init() {}

    /// Whether nothing was written in this scope: merging it changes nothing.
    public var isEmpty: Bool { written == 0 }
}
