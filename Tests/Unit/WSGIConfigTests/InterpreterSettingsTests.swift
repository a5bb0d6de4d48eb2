import Testing

@testable import WSGIConfig

struct InterpreterSettingsTests {
    /// The settings of a configuration whose sections are written as `<... >` followed by their statements.
    static func settings(_ statements: [String]) throws -> GlobalSettings {
        var configuration = Configuration()
        var isInside = false
        for statement in statements {
            if statement == ">" {
                isInside = false
                continue
            }
            try configuration.apply(statement, in: isInside ? .interpreterOptions : .mainServer)
            if statement.hasPrefix("<") { isInside = true }
        }
        return configuration.server.global
    }

    @Test func statementsGoToTheirSection() throws {
        let settings = try Self.settings([
            "WSGISwitchInterval 1", "<WSGIInterpreterOptions process-group=a>", "WSGISwitchInterval 2",
            "WSGIRestrictStdin On", ">", "<WSGIInterpreterOptions Application-Group=%{GLOBAL} >",
            "WSGISwitchInterval 3",
        ])
        #expect(settings.interpreter.switchInterval == 1 && settings.interpreter.restrictStdin == nil)
        #expect(settings.interpreterBlocks.map(\.processGroup) == ["a", nil])
        #expect(settings.interpreterBlocks.map(\.applicationGroup) == [nil, ""])
        #expect(settings.interpreterBlocks.map(\.settings.switchInterval) == [2, 3])
        #expect(settings.interpreterBlocks[0].settings.restrictStdin == true)
        #expect(settings.interpreterBlocks[0].location.line == 2)
    }

    @Test func theMostSpecificWinsAndThenTheLast() throws {
        let settings = try Self.settings([
            "WSGIPythonPath /top", "WSGIRestrictStdout On",
            "<WSGIInterpreterOptions process-group=p application-group=a>", "WSGIPythonPath /both",
            "WSGISwitchInterval 2", ">",
            "<WSGIInterpreterOptions process-group=p>", "WSGIPythonPath /first", "WSGISwitchInterval 3", ">",
            "<WSGIInterpreterOptions application-group=a>", "WSGIPythonPath /second", "WSGISwitchInterval 4",
            "WSGIRestrictStdin On", ">",
            "<WSGIInterpreterOptions >", "WSGIPythonPath /all", "WSGISwitchInterval 5", "WSGIRestrictStdin Off", ">",
        ])
        let both = settings.interpreterSettings(ofProcessGroup: "p", applicationGroup: "a", base: settings.interpreter)
        #expect(both.pythonPath == ["/both", "/second", "/first", "/all", "/top"])
        #expect(both.switchInterval == 2 && both.restrictStdin == true && both.restrictStdout == true)
        let process = settings.interpreterSettings(ofProcessGroup: "p", applicationGroup: "b", base: .init())
        #expect(process.pythonPath == ["/first", "/all"] && process.switchInterval == 3)
        let other = settings.interpreterSettings(ofProcessGroup: "", applicationGroup: "", base: settings.interpreter)
        #expect(other.pythonPath == ["/all", "/top"] && other.switchInterval == 5 && other.restrictSignal == nil)
    }

    @Test(arguments: [
        (
            "<WSGIInterpreterOptions process-group=a",
            "<WSGIInterpreterOptions>: the '>' at the end of the line is missing."
        ),
        (
            "<WSGIInterpreterOptions a>",
            "'a' is not an option of <WSGIInterpreterOptions>: options are written name=value, without spaces around the "
                + "'='."
        ),
        (
            "<WSGIInterpreterOptions process-group=a process-group=b>",
            "<WSGIInterpreterOptions>: process-group= is given twice: write a section for each group."
        ),
        (
            "<WSGIInterpreterOptions proces-group=a>",
            "unknown option 'proces-group=' of <WSGIInterpreterOptions>: did you mean process-group=?"
        ),
    ])
    func wrongSectionsAreExplained(statement: String, message: String) {
        #expect(Configuration.error(statement) == message)
    }
}
