/// How the interpreter of an application group is set up.
public struct InterpreterSpec: Spec {
    /// Directories for `site.addsitedir`, moved to the front of `sys.path` in this order.
    public var pythonPath: [String] = []
    /// Whether every use of `sys.stdin` raises.
    public var restrictsStdin = false
    /// Whether every use of `sys.stdout` raises.
    public var restrictsStdout = false
    /// Whether `signal.signal` has no effect.
    public var restrictsSignal = true
    /// Whether a sub-interpreter has its own GIL, if Python supports that.
    public var hasOwnGIL = false
    /// `sys.setswitchinterval` of an interpreter that has its own GIL, in seconds; 0: that of the process.
    public var switchInterval = 0.0

    /// The fields, in the order in which they are sent.
    public static let fields: [SpecField<InterpreterSpec>] = [
        .field("pythonPath", \.pythonPath),
        .field("restrictsStdin", \.restrictsStdin),
        .field("restrictsStdout", \.restrictsStdout),
        .field("restrictsSignal", \.restrictsSignal),
        .field("hasOwnGIL", \.hasOwnGIL),
        .field("switchInterval", \.switchInterval),
    ]

    /// A spec with every value at its default.
    public init() {}
}

/// Settings for the interpreter of one application group.
public struct NamedInterpreterSpec: Spec {
    /// The application group; "" is the main interpreter.
    public var applicationGroup = ""
    /// How its interpreter is set up.
    public var interpreter = InterpreterSpec()

    /// The fields, in the order in which they are sent.
    public static let fields: [SpecField<NamedInterpreterSpec>] = [
        .field("applicationGroup", \.applicationGroup),
        .field("interpreter", \.interpreter),
    ]

    /// A spec with every value at its default.
    public init() {}

    /// Settings for this application group.
    public init(_ applicationGroup: String, _ interpreter: InterpreterSpec) {
        self.applicationGroup = applicationGroup
        self.interpreter = interpreter
    }
}
