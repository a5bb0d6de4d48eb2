/// A WSGI script as one interpreter loads it: the identity of an application.
public struct ScriptSpec: Hashable, Sendable {
    /// The absolute path of the script file.
    public var path: String

    /// The application group, and so the interpreter: "" is the main interpreter.
    public var applicationGroup: String

    /// The name of the WSGI application in the script's module; empty when the script is only to be imported.
    public var callableObject: String

    /// The URL path below which it serves requests, as far as known: `SCRIPT_NAME`. `nil`: it may serve none.
    public var mountPoint: String?

    /// Names a script.
    public init(path: String, applicationGroup: String, callableObject: String = "", mountPoint: String? = nil) {
        self.path = path
        self.applicationGroup = applicationGroup
        self.callableObject = callableObject
        self.mountPoint = mountPoint
    }

    /// Whether both are the same application, wherever it is mounted.
    public func isSameApplication(as other: ScriptSpec) -> Bool {
        isSameCode(as: other) && callableObject == other.callableObject
    }

    /// Whether both are loaded as one module.
    public func isSameCode(as other: ScriptSpec) -> Bool {
        path == other.path && applicationGroup == other.applicationGroup
    }
}
