public import WSGICore

/// How the interpreters of one kind of process are set up: what `<WSGIInterpreterOptions>` and the directives outside of
/// it come to.
public struct InterpreterPlan: Equatable, Sendable {
    /// All interpreters but those in `interpreters`.
    public var interpreter = InterpreterSpec()
    /// Those that a section names.
    public var interpreters: [NamedInterpreterSpec] = []
    /// `sys.setswitchinterval` of the process in seconds; 0: as Python has it.
    public var switchInterval = 0.0
    /// Whether the process is to run without the GIL.
    public var wantsFreeThreading = false
    /// Sections that want that for a single application group, which cannot be.
    public var partialFreeThreading: [SourceLocation] = []

    /// Writes the plan into the spec of a process.
    public func apply(to spec: inout ProcessSpec) {
        spec.interpreter = interpreter
        spec.interpreters = interpreters
        spec.switchInterval = switchInterval
    }
}

extension GlobalSettings {
    /// How the interpreters of embedded processes are set up.
    public var embeddedInterpreters: InterpreterPlan { plan(forProcessGroup: "", over: interpreter) }

    /// How the interpreters of a process group are set up.
    public func interpreters(of definition: DaemonProcess) -> InterpreterPlan {
        var base = interpreter
        // WSGIPythonPath is for embedded processes, python-path= stands in its place.
        base.pythonPath = definition.options.pythonPath
        var plan = plan(forProcessGroup: definition.name, over: base)
        if let interval = definition.options.switchInterval { plan.switchInterval = interval }
        return plan
    }

    private func plan(forProcessGroup group: String, over base: InterpreterSettings) -> InterpreterPlan {
        let layers = interpreterLayers(ofProcessGroup: group)
        let common = layers.filter { $0.applicationGroup == nil }.reduce(base) { $0.merged(under: $1.settings) }
        var plan = InterpreterPlan()
        plan.interpreter = InterpreterSpec(common)
        plan.switchInterval = common.switchInterval ?? 0
        plan.wantsFreeThreading = common.freeThreading ?? false
        for layer in layers {
            guard let name = layer.applicationGroup else { continue }
            if layer.settings.freeThreading == true { plan.partialFreeThreading.append(layer.location) }
            guard !plan.interpreters.contains(where: { $0.applicationGroup == name }) else { continue }
            var spec = InterpreterSpec(
                interpreterSettings(ofProcessGroup: group, applicationGroup: name, base: base))
            // Only what is said for this very interpreter: the process has its own.
            let own = layers.filter { $0.applicationGroup == name }.compactMap(\.settings.switchInterval)
            spec.switchInterval = own.last ?? 0
            plan.interpreters.append(NamedInterpreterSpec(name, spec))
        }
        return plan
    }
}

extension InterpreterSpec {
    fileprivate init(_ settings: InterpreterSettings) {
        self.init()
        pythonPath = settings.pythonPath
        restrictsStdin = settings.restrictStdin ?? false
        restrictsStdout = settings.restrictStdout ?? false
        restrictsSignal = settings.restrictSignal ?? true
        hasOwnGIL = settings.perInterpreterGIL ?? false
    }
}

extension GlobalSettings {
    /// How Python is started, but for `PYTHON_EGG_CACHE`.
    public var python: PythonSpec {
        var python = PythonSpec()
        python.dontWriteBytecode = dontWriteBytecode
        python.warnings = pythonWarnings
        python.optimize = pythonOptimize
        switch pythonHashSeed {
        case .unset: break
        case .random: python.hashSeed = "random"
        case .fixed(let seed): python.hashSeed = String(seed)
        }
        return python
    }
}
