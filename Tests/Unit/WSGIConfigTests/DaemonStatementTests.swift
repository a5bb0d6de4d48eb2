import Testing

@testable import WSGIConfig

struct DaemonStatementTests {
    @Test func definitionKnowsItsPlace() throws {
        var configuration = Configuration()
        try configuration.apply("WSGIDaemonProcess one threads=2")
        try configuration.apply("WSGIDaemonProcess 'two b'", in: .virtualHost, serverName: "example.org")
        let definitions = configuration.server.groupDefinitions
        #expect(definitions.map(\.name) == ["one", "two b"])
        #expect(definitions.map(\.isGlobal) == [true, false])
        #expect(definitions.map(\.serverName) == [nil, "example.org"])
        #expect(definitions.map(\.location.line) == [1, 2])
        #expect(definitions[0].options.threads == 2)
    }

    @Test func displayNameMayStandForTheGroup() throws {
        var configuration = Configuration()
        try configuration.apply("WSGIDaemonProcess a")
        try configuration.apply("WSGIDaemonProcess b display-name=%{GROUP}")
        try configuration.apply("WSGIDaemonProcess c display-name='my app'")
        #expect(configuration.server.groupDefinitions.map(\.displayName) == ["(wsgi:a)", "(wsgi:b)", "my app"])
    }

    @Test(arguments: [
        ("", "WSGIDaemonProcess needs the name of the process group: WSGIDaemonProcess name [option=value ...]."),
        (#""""#, "WSGIDaemonProcess needs the name of the process group: WSGIDaemonProcess name [option=value ...]."),
        (
            "threads=5",
            "WSGIDaemonProcess needs the name of the process group before its options: WSGIDaemonProcess name "
                + "threads=5."
        ),
        (
            "a\u{1}",
            "WSGIDaemonProcess: 'a\u{1}' cannot be the name of a process group; it must not contain control "
                + "characters."
        ),
        (
            "site treads=5",
            "unknown option 'treads=' of WSGIDaemonProcess 'site': did you mean threads=?"
        ),
        (
            "site Threads=5",
            "unknown option 'Threads=' of WSGIDaemonProcess 'site': did you mean threads=?"
        ),
        (
            "site threads",
            "'threads' is not an option of WSGIDaemonProcess 'site': options are written name=value, without spaces "
                + "around the '='."
        ),
        (
            "site threads = 5",
            "'threads' is not an option of WSGIDaemonProcess 'site': options are written name=value, without spaces "
                + "around the '='."
        ),
        (
            "site python=/usr/bin/python3 python-home=/srv/venv",
            "WSGIDaemonProcess 'site' has both python= and python-home=: python= already selects the Python of "
                + "the processes; remove python-home=."
        ),
    ])
    func wrongArgumentsAreExplained(arguments: String, message: String) {
        #expect(Configuration.error("WSGIDaemonProcess \(arguments)") == message)
    }

    @Test func unknownOptionWithoutNearNameListsAll() throws {
        let error = try #require(Configuration.error("WSGIDaemonProcess site colour=red"))
        #expect(error.hasPrefix("unknown option 'colour=' of WSGIDaemonProcess 'site': known options are processes, "))
        for row in DaemonOptionTable.all { #expect(error.contains(row.name.description)) }
    }

    @Test func nameWithControlCharacterIsRefused() {
        #expect(Configuration.error("WSGIDaemonProcess 'a\u{1}b'") != nil)
        #expect(Configuration.error("WSGIDaemonProcess 'a\u{7F}b'") != nil)
        #expect(Configuration.error("WSGIDaemonProcess aé") == nil)
    }

    @Test func differingDefinitionInOneServerIsRefusedAtOnce() throws {
        var configuration = Configuration()
        try configuration.apply("WSGIDaemonProcess site threads=5")
        try configuration.apply("WSGIDaemonProcess site threads=5")
        let message =
            "WSGIDaemonProcess 'site' at site.conf:3 was already defined at site.conf:1 with a different threads= "
            + "('5' there, '6' here): rename one of them, or make them the same."
        #expect(throws: ConfigError(message)) { try configuration.apply("WSGIDaemonProcess site threads=6") }
    }
}
