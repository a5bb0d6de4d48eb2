import Testing

@testable import WSGIConfig

struct DirectiveTests {
    typealias Place = StatementContext.Place

    @Test func everyDirectorySettingHasARow() {
        #expect(Mirror(reflecting: DirectorySettings()).children.count - 1 == DirectiveTable.settings.count)
    }

    @Test func bitsAreDistinct() {
        #expect(DirectiveTable.settings.enumerated().allSatisfy { $1.bit == 1 << UInt64($0) })
        #expect(DirectiveTable.all.filter { !$0.isSetting }.allSatisfy { $0.bit == 0 })
    }

    @Test func namesAreDistinctAndHelped() {
        let names = DirectiveTable.all.map(\.name.description)
        #expect(Set(names).count == names.count)
        #expect(DirectiveTable.all.allSatisfy { $0.help.description.hasSuffix(".") })
        #expect(DirectiveTable.directive(named: "wsgiscriptALIAS")?.name.description == "WSGIScriptAlias")
    }

    /// Each directive with arguments it accepts, and the places where it may stand.
    static let samples: [(statement: String, places: Set<Place>)] = [
        ("WSGIScriptAlias / /srv/app.wsgi", [.mainServer, .virtualHost]),
        ("WSGIDaemonProcess site", [.mainServer, .virtualHost]),
        ("WSGISocketPrefix run/wsgi", [.mainServer]),
        ("WSGIPythonHome /srv/venv", [.mainServer]),
        ("WSGIPythonPath /srv/a:/srv/b", [.mainServer]),
        ("WSGIRestrictEmbedded On", [.mainServer]),
        ("WSGIProcessGroup site", [.mainServer, .virtualHost, .directory]),
        ("WSGIApplicationGroup %{GLOBAL}", [.mainServer, .virtualHost, .directory]),
        ("WSGICallableObject app", [.mainServer, .virtualHost, .directory, .htaccess]),
        ("WSGIScriptReloading Off", [.mainServer, .virtualHost, .directory, .htaccess]),
        ("WSGIPassAuthorization On", [.mainServer, .virtualHost, .directory, .htaccess]),
        ("WSGIChunkedRequest On", [.mainServer, .virtualHost, .directory, .htaccess]),
        ("WSGIEnableSendfile On", [.mainServer, .virtualHost, .directory, .htaccess]),
    ]

    @Test func samplesAreComplete() {
        #expect(Self.samples.count == DirectiveTable.all.count)
    }

    @Test(arguments: samples.indices, [Place.mainServer, .virtualHost, .directory, .htaccess])
    func placeIsChecked(sample: Int, place: Place) {
        let (statement, places) = Self.samples[sample]
        let error = Configuration.error(statement, in: place)
        #expect((error == nil) == places.contains(place))
        if let error {
            #expect(error.hasPrefix(String(statement.prefix { $0 != " " })))
            #expect(error.contains("cannot stand in"))
            #expect(error.contains(": move it"))
        }
    }

    @Test(arguments: [Place.mainServer, .virtualHost])
    func settingOutsideOfContainersGoesToTheServer(place: Place) throws {
        var configuration = Configuration()
        try configuration.apply("WSGIScriptReloading Off", in: place)
        #expect(!configuration.server.directory.scriptReloading)
        #expect(!configuration.server.directory.isEmpty)
        #expect(configuration.directory == DirectorySettings())
    }

    @Test(arguments: [Place.directory, .htaccess])
    func settingInContainerGoesToTheDirectory(place: Place) throws {
        var configuration = Configuration()
        try configuration.apply("WSGIScriptReloading Off", in: place)
        #expect(!configuration.directory.scriptReloading)
        #expect(!configuration.directory.isEmpty)
        #expect(configuration.server.directory == DirectorySettings())
    }

    @Test func everySettingIsStored() throws {
        var configuration = Configuration()
        #expect(configuration.directory == DirectorySettings())
        for statement in [
            "WSGIProcessGroup site", "WSGIApplicationGroup %{SERVER}", "WSGICallableObject app",
            "WSGIScriptReloading Off", "WSGIPassAuthorization On", "WSGIChunkedRequest On", "WSGIEnableSendfile On",
        ] { try configuration.apply(statement, in: .directory) }
        let settings = configuration.directory
        #expect(settings.processGroup == GroupExpression("site"))
        #expect(settings.applicationGroup == GroupExpression("%{SERVER}"))
        #expect(settings.callableObject == GroupExpression("app", role: .callableObject))
        #expect(!settings.scriptReloading)
        #expect(settings.passAuthorization && settings.chunkedRequest && settings.enableSendfile)
        #expect(settings.written == 1 << UInt64(DirectiveTable.settings.count) - 1)
    }

    @Test func everyGlobalSettingIsStored() throws {
        var configuration = Configuration()
        for statement in [
            "WSGISocketPrefix 'run/my wsgi'", "WSGIPythonHome /srv/venv", "WSGIPythonPath /srv/a:/srv/b",
            "WSGIRestrictEmbedded on",
        ] { try configuration.apply(statement) }
        let settings = configuration.server.global
        #expect(settings.socketPrefix == "run/my wsgi")
        #expect(settings.pythonHome == "/srv/venv")
        #expect(settings.pythonPath == ["/srv/a", "/srv/b"])
        #expect(settings.restrictEmbedded)
        #expect(configuration.server.directory.isEmpty)
    }

    @Test func emptyGroupNamesAreAccepted() throws {
        var configuration = Configuration()
        try configuration.apply(#"WSGIProcessGroup """#)
        try configuration.apply(#"WSGIApplicationGroup """#)
        #expect(configuration.server.directory.processGroup.text.isEmpty)
        #expect(configuration.server.directory.applicationGroup == GroupExpression("%{GLOBAL}"))
    }

    @Test func theLastStatementWins() throws {
        var configuration = Configuration()
        try configuration.apply("WSGIProcessGroup one")
        try configuration.apply("WSGIProcessGroup two")
        #expect(configuration.server.directory.processGroup.text.string == "two")
    }

    @Test(arguments: [
        ("WSGIScriptReloading", "WSGIScriptReloading needs a value: On or Off."),
        ("WSGIScriptReloading  ", "WSGIScriptReloading needs a value: On or Off."),
        ("WSGIScriptReloading True", "WSGIScriptReloading must be On or Off, not 'True'."),
        (
            "WSGIProcessGroup my group",
            "WSGIProcessGroup takes one value, but 'group' follows 'my': put a value with spaces in quotes."
        ),
        (
            "WSGIPythonHome venv",
            "WSGIPythonHome must be the absolute path of the directory that has bin/python in it, not 'venv'."
        ),
        ("WSGIPythonPath :", "WSGIPythonPath must be one or more directories, separated by ':', not ':'."),
        (#"WSGISocketPrefix """#, "WSGISocketPrefix must be a path prefix, not ''."),
        (
            "WSGICallableObject app.main",
            "WSGICallableObject must be the name of an object in the script (letters, digits and '_', no dots), not "
                + "'app.main'."
        ),
    ])
    func wrongValueIsExplained(statement: String, message: String) {
        #expect(Configuration.error(statement) == message)
    }

    @Test(arguments: [
        ("app", true), ("_a1", true), ("Z", true), ("naïve", true), ("%{ENV:X}", true), ("%x", true),
        ("1a", false), ("", false), ("a-b", false), ("a:b", false), ("a b", false), ("a`", false), ("a{", false),
        ("a@", false), ("a[", false),
    ])
    func callableIsAName(word: String, isAccepted: Bool) {
        #expect((ValueKind.callable.parse(word) != nil) == isAccepted)
    }

    @Test func nothingIsChangedByARefusedStatement() {
        var configuration = Configuration()
        let refused = ["WSGIScriptReloading 1", "WSGIScriptAlias /", "WSGIDaemonProcess x y=1", "WSGIPythonHome x"]
        for statement in refused { #expect(throws: ConfigError.self) { try configuration.apply(statement) } }
        #expect(configuration.server.directory == DirectorySettings())
        #expect(configuration.server.global == GlobalSettings())
        #expect(configuration.server.scriptAliases.isEmpty)
        #expect(configuration.server.daemonProcesses.isEmpty)
    }

    @Test func rawArgumentsMustBeUTF8() throws {
        let directive = try #require(DirectiveTable.directive(named: "WSGIPythonHome"))
        var (server, directory) = (ServerSettings(), DirectorySettings())
        func apply(_ bytes: [UInt8]) throws {
            try unsafe bytes.withUnsafeBytes { raw in
                try unsafe directive.apply(
                    rawArguments: raw, at: SourceLocation(file: "f", line: 1), in: StatementContext(.mainServer),
                    server: &server, directory: &directory)
            }
        }
        #expect(throws: ConfigError.self) { try apply(Array("/srv/".utf8) + [0xFF]) }
        #expect(server.global.pythonHome == nil)
        try apply(Array("/srv/é".utf8))
        #expect(server.global.pythonHome == "/srv/é")
    }

    @Test func overrideClassesFollowTheScope() {
        #expect(Scope.mainServer.overrideClasses == .resourceConfig)
        #expect(Scope.server.overrideClasses == .resourceConfig)
        #expect(Scope.directory.overrideClasses == [.resourceConfig, .accessConfig])
        #expect(Scope.fileInfo.overrideClasses == .fileInfo)
        #expect(Scope.authConfig.overrideClasses == .authConfig)
    }

    @Test func authScopeIsForDirectoriesOnly() throws {
        for place in [Place.mainServer, .virtualHost] {
            #expect(throws: ConfigError.self) { try Scope.authConfig.check("X", in: place) }
        }
        for place in [Place.directory, .htaccess] { try Scope.authConfig.check("X", in: place) }
    }

    @Test func locationIsPrintedAsFileAndLine() {
        #expect(SourceLocation(file: "/etc/apache2/site.conf", line: 12).description == "/etc/apache2/site.conf:12")
    }
}
