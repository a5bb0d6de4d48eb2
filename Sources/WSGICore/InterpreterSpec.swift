/// How the interpreter of an application group is set up.
public struct InterpreterSpec: Spec {
    /// Directories for `site.addsitedir`, moved to the front of `sys.path` in this order.
    public var pythonPath: [String] = []
    /// Whether `sys.stdin` raises whatever is done with it.
    public var restrictsStdin = false
    /// Whether `sys.stdout` raises whatever is done with it.
    public var restrictsStdout = false
    /// Whether `signal.signal` changes nothing.
    public var restrictsSignal = true
    /// Whether a sub-interpreter gets a GIL of its own, where Python has that.
    public var hasOwnGIL = false
    /// `sys.setswitchinterval` of an interpreter that has a GIL of its own, in seconds; 0: as in the process.
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

/// The exception that one application group makes.
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

    /// Names an exception.
    public init(_ applicationGroup: String, _ interpreter: InterpreterSpec) {
        self.applicationGroup = applicationGroup
        self.interpreter = interpreter
    }
}
