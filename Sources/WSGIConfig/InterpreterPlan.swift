public import WSGICore

/// The setup of the interpreters of one kind of process: the result of `<WSGIInterpreterOptions>` and of the directives
/// outside of it.
public struct InterpreterPlan: Equatable, Sendable {
    /// The settings of all interpreters that are not in `interpreters`.
    public var interpreter = InterpreterSpec()
    /// The settings of interpreters that a section names.
    public var interpreters: [NamedInterpreterSpec] = []
    /// `sys.setswitchinterval` of the process in seconds; 0: Python's default.
    public var switchInterval = 0.0
    /// Whether the process should run without the GIL.
    public var wantsFreeThreading = false
    /// Sections that set this for a single application group, which is not possible.
    public var partialFreeThreading: [SourceLocation] = []

    /// Writes the plan into the spec of a process.
    public func apply(to spec: inout ProcessSpec) {
        spec.interpreter = interpreter
        spec.interpreters = interpreters
        spec.switchInterval = switchInterval
    }
}

extension GlobalSettings {
    /// The plan of embedded processes.
    public var embeddedInterpreters: InterpreterPlan { plan(forProcessGroup: "", over: interpreter) }

    /// The plan of a process group.
    public func interpreters(of definition: GroupDefinition) -> InterpreterPlan {
        var base = interpreter
        // WSGIPythonPath is for embedded processes. In a group, python-path= replaces it.
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
            // Only the setting of this interpreter, because the process has its own.
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
    /// The settings of Python's start, except `PYTHON_EGG_CACHE`.
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
