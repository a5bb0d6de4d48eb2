/// A WSGI script as one interpreter loads it: the identity of an application.
public struct ScriptSpec: Hashable, Sendable {
    /// The absolute path of the script file.
    public var path: String

    /// The application group, and so the interpreter: "" is the main interpreter.
    public var applicationGroup: String

    /// The name of the WSGI application in the script's module; empty when the script is only to be imported.
    public var callableObject: String

    /// Names a script.
    public init(path: String, applicationGroup: String, callableObject: String = "") {
        self.path = path
        self.applicationGroup = applicationGroup
        self.callableObject = callableObject
    }

    /// Whether both are loaded as one module.
    public func isSameCode(as other: ScriptSpec) -> Bool {
        path == other.path && applicationGroup == other.applicationGroup
    }
}
