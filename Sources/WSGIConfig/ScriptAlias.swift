/// A `WSGIScriptAlias` or `WSGIScriptAliasMatch`: which URIs a script, or a directory of scripts, serves.
///
/// Immutable, so that requests may keep a reference to it while the configuration exists.
@safe public final class ScriptAlias: Sendable {
    /// The URL path or the regular expression, as written.
    public let urlPath: ConfigText
    /// Whether `urlPath` is a regular expression, which httpd matches.
    public let isPattern: Bool
    /// The script file or the directory.
    public let target: ConfigText
    /// `process-group=`; `nil`: that of the settings.
    public let processGroup: GroupExpression?
    /// `application-group=`; `nil`: that of the settings.
    public let applicationGroup: GroupExpression?
    /// `callable-object=`, which is used literally; `nil`: that of the settings.
    public let callableObject: ConfigText?
    /// `pass-authorization=`; `nil`: that of the settings.
    public let passAuthorization: Bool?
    /// Its place in the configuration.
    public let location: SourceLocation

    /// Describes an alias.
    public init(
        urlPath: String, isPattern: Bool = false, target: String, processGroup: GroupExpression? = nil,
        applicationGroup: GroupExpression? = nil, callableObject: ConfigText? = nil, passAuthorization: Bool? = nil,
        location: SourceLocation
    ) {
        self.urlPath = ConfigText(urlPath)
        self.isPattern = isPattern
        self.target = ConfigText(target)
        self.processGroup = processGroup
        self.applicationGroup = applicationGroup
        self.callableObject = callableObject
        self.passAuthorization = passAuthorization
        self.location = location
    }

    /// The start of the part of `uri` that is appended to `target`; `nil` if the alias does not cover `uri`.
    ///
    /// Runs of `/` match runs of `/`. The match ends at a `/` or at the end of `uri`, unless the alias itself ends in
    /// `/`. The alias `/` covers everything, and the whole `uri` is appended. Does not allocate.
    public func match(_ uri: UnsafeRawBufferPointer) -> Int? {
        if isPattern { return nil }
        return unsafe urlPath.withBytes { path in unsafe Self.match(path, uri) }
    }

    private static func match(_ path: UnsafeRawBufferPointer, _ uri: UnsafeRawBufferPointer) -> Int? {
        let slash = UInt8(ascii: "/")
        guard unsafe uri.first == slash, unsafe path.first == slash else { return nil }
        var (i, j) = (0, 0)
        while i < path.count {
            guard j < uri.count, unsafe path[i] == uri[j] else { return nil }
            let isSlash = unsafe path[i] == slash
            i &+= 1
            j &+= 1
            guard isSlash else { continue }
            while i < path.count, unsafe path[i] == slash { i &+= 1 }
            while j < uri.count, unsafe uri[j] == slash { j &+= 1 }
            // The alias consists of slashes only.
            if unsafe i == path.count && path.allSatisfy({ $0 == slash }) { return 0 }
        }
        let endsInSlash = unsafe path.last == slash
        guard unsafe endsInSlash || j == uri.count || uri[j] == slash else { return nil }
        return j
    }
}
