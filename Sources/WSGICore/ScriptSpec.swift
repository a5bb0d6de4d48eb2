/// A WSGI script as one interpreter loads it: the identity of an application.
public struct ScriptSpec: Hashable, Spec {
    /// The absolute path of the script file.
    public var path = ""

    /// The application group, and so the interpreter: "" is the main interpreter.
    public var applicationGroup = ""

    /// The name of the WSGI application in the script's module; empty when the script is only to be imported.
    public var callableObject = ""

    /// The URL path below which it serves requests, as far as known: `SCRIPT_NAME`. `nil`: it may serve none.
    public var mountPoint: String?

    /// The fields, in the order in which they are sent.
    public static let fields: [SpecField<ScriptSpec>] = [
        .field("path", \.path),
        .field("applicationGroup", \.applicationGroup),
        .field("callableObject", \.callableObject),
        .field("mountPoint", \.mountPoint),
    ]

    /// A spec with every value at its default: the name of no script.
    public init() {}

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
