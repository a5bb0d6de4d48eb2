/// How Python itself is started: settings that have options on its command line.
///
/// A daemon process receives them as `arguments` and `environment`. The engine of an httpd child sets
/// `startEnvironment` while it starts Python.
public struct PythonSpec: Spec {
    /// Whether no `.pyc` files are written (`-B`).
    public var dontWriteBytecode = false
    /// Warning filters, in the order of `-W` options: the last match applies.
    public var warnings: [String] = []
    /// 0: assertions run, 1: `-O`, 2: `-OO`. It overrides an inherited PYTHONOPTIMIZE.
    public var optimize = 0
    /// PYTHONHASHSEED: `random` or a number; empty: inherited.
    public var hashSeed = ""
    /// PYTHON_EGG_CACHE; empty: inherited.
    public var eggCache = ""

    /// The fields, in the order in which they are sent.
    public static let fields: [SpecField<PythonSpec>] = [
        .field("dontWriteBytecode", \.dontWriteBytecode),
        .field("warnings", \.warnings),
        .field("optimize", \.optimize),
        .field("hashSeed", \.hashSeed),
        .field("eggCache", \.eggCache),
    ]

    /// A spec with every value at its default.
    public init() {}

    /// Options of the Python command line.
    public var arguments: [String] {
        var arguments: [String] = []
        if dontWriteBytecode { arguments.append("-B") }
        if optimize > 0 { arguments.append(optimize == 1 ? "-O" : "-OO") }
        for filter in warnings { arguments += ["-W", filter] }
        return arguments
    }

    /// Environment variables of a process whose Python is started with `arguments`.
    public var environment: [EnvironmentChange] {
        var variables = [EnvironmentChange("PYTHONOPTIMIZE", nil)]
        if !hashSeed.isEmpty { variables.append(EnvironmentChange("PYTHONHASHSEED", hashSeed)) }
        if !eggCache.isEmpty { variables.append(EnvironmentChange("PYTHON_EGG_CACHE", eggCache)) }
        return variables
    }

    /// Environment variables that replace the command line where there is none. They are set only while Python starts.
    public var startEnvironment: [EnvironmentChange] {
        var variables = [EnvironmentChange("PYTHONOPTIMIZE", optimize > 0 ? String(optimize) : nil)]
        if dontWriteBytecode { variables.append(EnvironmentChange("PYTHONDONTWRITEBYTECODE", "1")) }
        if !hashSeed.isEmpty { variables.append(EnvironmentChange("PYTHONHASHSEED", hashSeed)) }
        return variables
    }
}
