/// A WSGI script as one interpreter loads it: the identity of an application.
public struct ScriptSpec: Hashable, Spec {
    /// The absolute path of the script file.
    public var path = ""

    /// The application group, which selects the interpreter: "" is the main interpreter.
    public var applicationGroup = ""

    /// The name of the WSGI application in the script's module; empty if the script is only imported.
    public var callableObject = ""

    /// The URL path below which it serves requests (`SCRIPT_NAME`), if known. `nil`: it may serve no requests.
    public var mountPoint: String?

    /// The fields, in the order in which they are sent.
    public static let fields: [SpecField<ScriptSpec>] = [
        .field("path", \.path),
        .field("applicationGroup", \.applicationGroup),
        .field("callableObject", \.callableObject),
        .field("mountPoint", \.mountPoint),
    ]

    /// A spec with every value at its default; it names no script.
    public init() {}

    /// Names a script.
    public init(path: String, applicationGroup: String, callableObject: String = "", mountPoint: String? = nil) {
        self.path = path
        self.applicationGroup = applicationGroup
        self.callableObject = callableObject
        self.mountPoint = mountPoint
    }

    /// Whether both are the same application, regardless of their mount points.
    public func isSameApplication(as other: ScriptSpec) -> Bool {
        isSameCode(as: other) && callableObject == other.callableObject
    }

    /// Whether both are loaded as one module.
    public func isSameCode(as other: ScriptSpec) -> Bool {
        path == other.path && applicationGroup == other.applicationGroup
    }
}
