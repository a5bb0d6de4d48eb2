/// How Python itself is started: what its command line has options for.
///
/// A daemon process gets it as `arguments` and `environment`; an httpd child's engine sets the same variables around the
/// start of Python.
public struct PythonSpec: Spec {
    /// Whether no `.pyc` files are written (`-B`).
    public var dontWriteBytecode = false
    /// Filters of warnings, in the order of `-W` options: the last one that matches counts.
    public var warnings: [String] = []
    /// 0: assertions run, 1: `-O`, 2: `-OO`. It counts more than an inherited PYTHONOPTIMIZE.
    public var optimize = 0
    /// PYTHONHASHSEED: `random` or a number; empty: as inherited.
    public var hashSeed = ""
    /// PYTHON_EGG_CACHE; empty: as inherited.
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

    /// Variables of a process whose Python is started with `arguments`.
    public var environment: [EnvironmentChange] {
        var variables = [EnvironmentChange("PYTHONOPTIMIZE", nil)]
        if !hashSeed.isEmpty { variables.append(EnvironmentChange("PYTHONHASHSEED", hashSeed)) }
        if !eggCache.isEmpty { variables.append(EnvironmentChange("PYTHON_EGG_CACHE", eggCache)) }
        return variables
    }

    /// Variables that stand in for the command line where there is none; they are to be there only while Python starts.
    public var startEnvironment: [EnvironmentChange] {
        var variables = [EnvironmentChange("PYTHONOPTIMIZE", optimize > 0 ? String(optimize) : nil)]
        if dontWriteBytecode { variables.append(EnvironmentChange("PYTHONDONTWRITEBYTECODE", "1")) }
        if !hashSeed.isEmpty { variables.append(EnvironmentChange("PYTHONHASHSEED", hashSeed)) }
        return variables
    }
}
