import Testing
import WSGICore

struct SpecTests {
    @Test func scriptsAreTheSameByPathGroupAndCallable() {
        let script = ScriptSpec(path: "/a", applicationGroup: "g", callableObject: "app")
        #expect(script == ScriptSpec(path: "/a", applicationGroup: "g", callableObject: "app"))
        #expect(script != ScriptSpec(path: "/b", applicationGroup: "g", callableObject: "app"))
        #expect(script != ScriptSpec(path: "/a", applicationGroup: "h", callableObject: "app"))
        #expect(script != ScriptSpec(path: "/a", applicationGroup: "g"))
        #expect(ScriptSpec(path: "/a", applicationGroup: "g").callableObject.isEmpty)
    }

    @Test func workerDefaultsAreThoseOfTheReference() {
        let worker = WorkerSpec()
        #expect(worker.threads == 15 && worker.gracefulTimeout == 15 && worker.shutdownTimeout == 5)
        #expect(worker.maximumRequests == 0 && worker.stackSize == 0 && worker.generation == 1)
    }

    @Test func anHttpdChildHasNoWorkerPart() {
        let spec = ProcessSpec()
        #expect(spec.worker == nil && spec.processGroup.isEmpty && spec.preloads.isEmpty)
        #expect(spec.maximumProcesses == 1 && spec.threadsPerProcess == 1)
        #expect(!spec.isMultithreaded && !spec.isMultiprocess && !spec.isRunOnce)
    }

    @Test func aGroupChangesNothingUnlessToldTo() {
        let group = GroupSpec()
        #expect(!group.changesUser && group.umask == nil && group.slots.isEmpty && group.process == ProcessSpec())
    }

    @Test func theLastChangeOfAVariableCounts() {
        let changes = [
            EnvironmentChange("A", "1"), EnvironmentChange("B", nil), EnvironmentChange("C", "x=y"),
            EnvironmentChange("A", "2"),
        ]
        let environment = EnvironmentChange.apply(changes, to: ["A=0", "B=0", "AB=0", "D", "E=f=g"])
        #expect(environment == ["AB=0", "D", "E=f=g", "C=x=y", "A=2"])
        #expect(EnvironmentChange.apply([], to: ["A=0"]) == ["A=0"])
        #expect(EnvironmentChange.apply([EnvironmentChange("A", "1"), EnvironmentChange("A", nil)], to: ["A=0"]) == [])
    }

    @Test func pythonIsStartedWithTheSameByArgumentsAndByVariables() {
        var python = PythonSpec()
        #expect(python.arguments == [] && python.environment == [EnvironmentChange("PYTHONOPTIMIZE", nil)])
        #expect(python.startEnvironment == python.environment)
        python.dontWriteBytecode = true
        python.optimize = 1
        python.hashSeed = "random"
        python.eggCache = "/eggs"
        python.warnings = ["error"]
        #expect(python.arguments == ["-B", "-O", "-W", "error"])
        #expect(
            python.environment == [
                EnvironmentChange("PYTHONOPTIMIZE", nil), EnvironmentChange("PYTHONHASHSEED", "random"),
                EnvironmentChange("PYTHON_EGG_CACHE", "/eggs"),
            ])
        #expect(
            python.startEnvironment == [
                EnvironmentChange("PYTHONOPTIMIZE", "1"), EnvironmentChange("PYTHONDONTWRITEBYTECODE", "1"),
                EnvironmentChange("PYTHONHASHSEED", "random"),
            ])
    }

    @Test func anInterpreterIsSetUpByNameOrAsTheOthers() {
        var spec = ProcessSpec()
        var own = InterpreterSpec()
        own.hasOwnGIL = true
        spec.interpreters = [NamedInterpreterSpec("blog", own)]
        #expect(spec.interpreter(of: "blog") == own && spec.interpreter(of: "") == InterpreterSpec())
        #expect(spec.interpreter.restrictsSignal)
    }
}
