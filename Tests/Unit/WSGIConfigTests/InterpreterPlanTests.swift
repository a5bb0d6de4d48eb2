import Testing
import WSGICore

@testable import WSGIConfig

struct InterpreterPlanTests {
    static func group(_ options: String = "") throws -> GroupDefinition {
        var configuration = Configuration()
        try configuration.apply("WSGIDaemonProcess site \(options)")
        return try #require(configuration.server.groupDefinitions.first)
    }

    static func settings(_ change: (inout InterpreterSettings) -> Void) -> InterpreterSettings {
        var settings = InterpreterSettings()
        change(&settings)
        return settings
    }

    static func block(
        _ processGroup: String?, _ applicationGroup: String?, _ change: (inout InterpreterSettings) -> Void
    ) -> InterpreterBlock {
        var block = InterpreterBlock(
            processGroup: processGroup, applicationGroup: applicationGroup,
            location: SourceLocation(file: "site.conf", line: 7))
        block.settings = settings(change)
        return block
    }

    @Test func withoutSettingsOnlySignalsAreRestricted() throws {
        let plan = try GlobalSettings().interpreters(of: Self.group())
        #expect(plan == InterpreterPlan())
        #expect(plan.interpreter.restrictsSignal && !plan.interpreter.restrictsStdin && !plan.interpreter.hasOwnGIL)
    }

    @Test func pathOfAGroupStandsInForThePathOfEmbeddedMode() throws {
        var global = GlobalSettings()
        global.interpreter.pythonPath = ["/embedded"]
        global.interpreterBlocks = [
            Self.block(nil, nil) { $0.pythonPath = ["/all"] },
            Self.block("site", "blog") { $0.pythonPath = ["/blog"] },
            Self.block("site", nil) { $0.pythonPath = ["/site"] },
            Self.block("other", nil) { $0.pythonPath = ["/other"] },
        ]
        #expect(global.embeddedInterpreters.interpreter.pythonPath == ["/all", "/embedded"])
        let plan = try global.interpreters(of: Self.group("python-path=/own"))
        #expect(plan.interpreter.pythonPath == ["/site", "/all", "/own"])
        #expect(plan.interpreters.map(\.applicationGroup) == ["blog"])
        #expect(plan.interpreters.first?.interpreter.pythonPath == ["/blog", "/site", "/all", "/own"])
    }

    @Test func moreSpecificSectionsWinAndThenLaterOnes() throws {
        var global = GlobalSettings()
        global.interpreter.restrictStdout = true
        global.interpreterBlocks = [
            Self.block("site", "") { $0.restrictStdout = false },
            Self.block("site", nil) {
                $0.restrictStdin = true
                $0.perInterpreterGIL = true
            },
            Self.block(nil, "blog") { $0.perInterpreterGIL = false },
            Self.block(nil, nil) { $0.restrictSignal = false },
        ]
        let plan = try global.interpreters(of: Self.group())
        var spec = ProcessSpec()
        plan.apply(to: &spec)
        #expect(spec.interpreter(of: "x").restrictsStdout && !spec.interpreter(of: "").restrictsStdout)
        #expect(spec.interpreter(of: "").restrictsStdin && !spec.interpreter(of: "").restrictsSignal)
        #expect(spec.interpreter(of: "x").hasOwnGIL && !spec.interpreter(of: "blog").hasOwnGIL)
    }

    @Test func switchIntervalBelongsToTheProcessUnlessASectionNamesAnInterpreter() throws {
        var global = GlobalSettings()
        global.interpreter.switchInterval = 0.01
        global.interpreterBlocks = [
            Self.block("site", nil) { $0.switchInterval = 0.02 }, Self.block(nil, "blog") { $0.switchInterval = 0.03 },
        ]
        #expect(global.embeddedInterpreters.switchInterval == 0.01)
        let plan = try global.interpreters(of: Self.group())
        #expect(plan.switchInterval == 0.02 && plan.interpreter.switchInterval == 0)
        #expect(plan.interpreters.map(\.interpreter.switchInterval) == [0.03])
        #expect(try global.interpreters(of: Self.group("switch-interval=0.5")).switchInterval == 0.5)
    }

    @Test func freeThreadingIsForWholeProcesses() throws {
        var global = GlobalSettings()
        #expect(!global.embeddedInterpreters.wantsFreeThreading)
        global.interpreterBlocks = [
            Self.block("site", nil) { $0.freeThreading = true },
            Self.block("site", "blog") { $0.freeThreading = true },
        ]
        #expect(
            !global.embeddedInterpreters.wantsFreeThreading && global.embeddedInterpreters.partialFreeThreading == [])
        let plan = try global.interpreters(of: Self.group())
        #expect(plan.wantsFreeThreading && plan.partialFreeThreading.map(\.line) == [7])
    }

    @Test func pythonIsStartedAsTheDirectivesSay() throws {
        var configuration = Configuration()
        for statement in [
            "WSGIDontWriteBytecode On", "WSGIPythonOptimize 2", "WSGIPythonWarnings error",
            "WSGIPythonWarnings ignore::DeprecationWarning", "WSGIPythonHashSeed 0",
        ] { try configuration.apply(statement) }
        let python = configuration.server.global.python
        #expect(python.arguments == ["-B", "-OO", "-W", "error", "-W", "ignore::DeprecationWarning"])
        #expect(
            python.environment == [EnvironmentChange("PYTHONOPTIMIZE", nil), EnvironmentChange("PYTHONHASHSEED", "0")])
        try configuration.apply("WSGIPythonHashSeed random")
        #expect(configuration.server.global.python.hashSeed == "random")
        #expect(GlobalSettings().python == PythonSpec())
    }
}
