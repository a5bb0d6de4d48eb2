import Testing

@testable import WSGIConfig

struct DirectiveTests {
    typealias Section = StatementContext.Section

    @Test func everyDirectorySettingHasARow() {
        #expect(Mirror(reflecting: DirectorySettings()).children.count - 1 == DirectiveTable.settings.count)
    }

    @Test func bitsAreDistinct() {
        let bits = Set(DirectiveTable.settings.map(\.bit))
        #expect(bits.count == DirectiveTable.settings.count && !bits.contains(0))
        #expect(DirectiveTable.all.filter { !$0.isSetting }.allSatisfy { $0.bit == 0 })
    }

    /// The 49 of mod_wsgi, one of its former ones that is accepted, and our own.
    @Test func everyDirectiveIsThere() {
        #expect(DirectiveTable.all.filter { !$0.isRemoved }.count == 52)
    }

    @Test(arguments: DirectiveTable.all.filter(\.isRemoved).map(\.name.description), [Section.mainServer, .htaccess])
    func removedDirectiveSaysSinceWhenAndWhatInstead(name: String, section: Section) throws {
        let error = try #require(Configuration.error("\(name) On", in: section))
        #expect(error.hasPrefix("\(name) was removed in ") || error.hasPrefix("\(name) was removed before "))
        #expect(error.contains("Remove it") || error.contains("use ") || error.contains("name the installation"))
    }

    @Test(arguments: DirectiveTable.all.filter(\.isIgnored).map(\.name.description))
    func ignoredDirectiveIsNoticed(name: String) throws {
        let sample = try #require(Self.samples.first { $0.statement.hasPrefix(name + " ") })
        var configuration = Configuration()
        try configuration.apply(sample.statement)
        try configuration.apply(sample.statement)
        #expect(configuration.server.notices.map(\.subject) == [name, name])
        #expect(configuration.server.notices[0].text.hasPrefix("\(name) has no effect: "))
        #expect(configuration.server.notices[0].location.line == 1)
        #expect(Configuration.error("\(name) sometimes") != nil)
    }

    @Test(arguments: [
        "WSGISocketRotation Off", "WSGIAcceptMutex default", "WSGIAcceptMutex Default", "WSGIVerboseDebugging off",
        "WSGILazyInitialization On", "WSGIServerMetrics Off", "WSGISlowRequests 0", "WSGISlowRequests 0s",
        "WSGITelemetryOptions None", "WSGITelemetryOptions -CaptureUserAgent", #"WSGITelemetryOptions """#,
        "WSGIDaemonProcess a server-metrics=Off",
    ])
    func whatAsksForNothingIsNotNoticed(statement: String) throws {
        var configuration = Configuration()
        try configuration.apply(statement)
        #expect(configuration.server.notices.isEmpty)
    }

    @Test(arguments: [
        "WSGIServerMetrics On", "WSGISlowRequests 0.5", "WSGITelemetryOptions All", "WSGITelemetryService unix:/a",
        "WSGIDaemonProcess a server-metrics=On", "WSGISocketRotation On", "WSGILazyInitialization Off",
    ])
    func whatAsksForSomethingThatIsNotThereIsNoticed(statement: String) throws {
        var configuration = Configuration()
        try configuration.apply(statement)
        #expect(configuration.server.notices.count == 1)
    }

    @Test func nothingMayBeListed() throws {
        var configuration = Configuration()
        for statement in ["WSGIRestrictProcess", "WSGITrustedProxies", "WSGITrustedProxyHeaders"] {
            try configuration.apply(statement)
        }
        let settings = configuration.server.directory
        #expect(settings.restrictProcess?.groups.isEmpty == true)
        #expect(settings.trustedProxies?.isEmpty == true)
        #expect(settings.trustedProxyHeaders.isEmpty)
        #expect(configuration.server.notices.isEmpty)
    }

    @Test func namesAreDistinctAndHelped() {
        let names = DirectiveTable.all.map(\.name.description)
        #expect(Set(names).count == names.count)
        #expect(DirectiveTable.all.allSatisfy { $0.help.description.hasSuffix(".") })
        #expect(DirectiveTable.directive(named: "wsgiscriptALIAS")?.name.description == "WSGIScriptAlias")
    }

    private static let server: Set<Section> = [.mainServer, .virtualHost]
    private static let directory: Set<Section> = [.mainServer, .virtualHost, .directory]
    private static let anywhere: Set<Section> = [.mainServer, .virtualHost, .directory, .htaccess]
    private static let interpreter: Set<Section> = [.mainServer, .interpreterOptions]

    /// Each directive with arguments it accepts, and the places where it may stand.
    static let samples: [(statement: String, places: Set<Section>)] = [
        ("WSGIScriptAlias / /srv/app.wsgi", server),
        ("WSGIScriptAliasMatch ^/([a-z]+) /srv/$1.wsgi", server),
        ("WSGIHandlerScript markdown /srv/markdown.py", directory),
        ("WSGIImportScript /srv/app.wsgi process-group=%{GLOBAL} application-group=%{GLOBAL}", server),
        ("WSGIDispatchScript /srv/dispatch.py", directory),
        ("WSGIDaemonProcess site", server),
        ("WSGIProcessGroup site", directory),
        ("WSGIRestrictProcess site %{GLOBAL}", directory),
        ("WSGISocketPrefix run/wsgi", [.mainServer]),
        ("WSGIStartLimit 4", [.mainServer]),
        ("WSGIRestrictEmbedded On", [.mainServer]),
        ("WSGIApplicationGroup %{GLOBAL}", directory),
        ("WSGICallableObject app", anywhere),
        ("WSGIScriptReloading Off", anywhere),
        ("WSGIPassAuthorization On", anywhere),
        ("WSGITraceContext On", anywhere),
        ("WSGIChunkedRequest On", anywhere),
        ("WSGIMapHEADToGET off", anywhere),
        ("WSGIErrorOverride On", anywhere),
        ("WSGITrustedProxyHeaders X-Forwarded-For", anywhere),
        ("WSGITrustedProxies 10.0.0.0/8 ::1", anywhere),
        ("WSGIEnableSendfile On", anywhere),
        ("WSGIIgnoreActivity On", anywhere),
        ("WSGIPassApacheRequest On", directory),
        ("WSGICaseSensitivity Off", [.mainServer]),
        ("WSGIAccessScript /srv/access.py application-group=%{SERVER}", [.directory, .htaccess]),
        ("WSGIAuthUserScript /srv/user.py", [.directory, .htaccess]),
        ("WSGIAuthGroupScript /srv/group.py", [.directory, .htaccess]),
        ("WSGIGroupAuthoritative Off", [.directory, .htaccess]),
        ("WSGIPythonHome /srv/venv", [.mainServer]),
        ("WSGIPythonPath /srv/a:/srv/b", interpreter),
        ("WSGIPythonEggs /srv/eggs", [.mainServer]),
        ("WSGIPythonOptimize 2", [.mainServer]),
        ("WSGIPythonWarnings error::DeprecationWarning", [.mainServer]),
        ("WSGIPythonHashSeed 4294967295", [.mainServer]),
        ("WSGIDontWriteBytecode On", [.mainServer]),
        ("WSGIDestroyInterpreter Off", [.mainServer]),
        ("WSGISwitchInterval 0.01", interpreter),
        ("WSGIPerInterpreterGIL On", interpreter),
        ("WSGIFreeThreading On", interpreter),
        ("WSGIRestrictStdin On", interpreter),
        ("WSGIRestrictStdout On", interpreter),
        ("WSGIRestrictSignal Off", interpreter),
        ("<WSGIInterpreterOptions process-group=site>", [.mainServer]),
        ("WSGIServerMetrics On", [.mainServer]),
        ("WSGITelemetryService unix:/run/telemetry.sock interval=2", [.mainServer]),
        ("WSGITelemetryOptions +CaptureUserAgent", [.mainServer]),
        ("WSGISlowRequests 0.5", [.mainServer]),
        ("WSGISocketRotation On", [.mainServer]),
        ("WSGIAcceptMutex flock", [.mainServer]),
        ("WSGIVerboseDebugging On", [.mainServer]),
        ("WSGILazyInitialization Off", [.mainServer]),
    ]

    /// A statement for each directory setting that differs from its default.
    static var directorySamples: [String] {
        samples.map(\.statement).filter { statement in
            DirectiveTable.settings.contains { statement.hasPrefix($0.name.description + " ") }
        }
    }

    @Test func samplesAreComplete() {
        let names = DirectiveTable.all.filter { !$0.isRemoved }.map(\.name.description)
        #expect(Self.samples.map { String($0.statement.prefix { $0 != " " }) } == names)
    }

    @Test(arguments: samples.indices, [Section.mainServer, .virtualHost, .directory, .htaccess, .interpreterOptions])
    func placeIsChecked(sample: Int, section: Section) {
        let (statement, places) = Self.samples[sample]
        let error = Configuration.error(statement, in: section)
        #expect((error == nil) == places.contains(section))
        if let error {
            #expect(error.hasPrefix(String(statement.prefix { $0 != " " })))
            #expect(error.contains("is not allowed in") || error.contains("is not allowed outside of containers"))
            #expect(error.contains(": move it"))
        }
    }

    @Test(arguments: [Section.mainServer, .virtualHost])
    func settingOutsideOfContainersGoesToTheServer(section: Section) throws {
        var configuration = Configuration()
        try configuration.apply("WSGIScriptReloading Off", in: section)
        #expect(configuration.server.directory.scriptReloading == .off)
        #expect(!configuration.server.directory.isEmpty)
        #expect(configuration.directory == DirectorySettings())
    }

    @Test(arguments: [Section.directory, .htaccess])
    func settingInContainerGoesToTheDirectory(section: Section) throws {
        var configuration = Configuration()
        try configuration.apply("WSGIScriptReloading Off", in: section)
        #expect(configuration.directory.scriptReloading == .off)
        #expect(!configuration.directory.isEmpty)
        #expect(configuration.server.directory == DirectorySettings())
    }

    @Test func everySettingIsStored() throws {
        var configuration = Configuration()
        #expect(configuration.directory == DirectorySettings())
        for statement in [
            "WSGIProcessGroup site", "WSGIApplicationGroup %{SERVER}", "WSGICallableObject app",
            "WSGIScriptReloading Off", "WSGIPassAuthorization On", "WSGIChunkedRequest On", "WSGIEnableSendfile On",
            "WSGITraceContext On",
            "WSGIErrorOverride On", "WSGIMapHEADToGET Off", "WSGIIgnoreActivity On", "WSGIPassApacheRequest On",
            "WSGIRestrictProcess a %{GLOBAL}", "WSGIDispatchScript /d.py", "WSGIAccessScript /a.py",
            "WSGIAuthUserScript /u.py application-group=g", "WSGIAuthGroupScript /g.py", "WSGIGroupAuthoritative Off",
            "WSGIHandlerScript md /md.py process-group=p application-group=q pass-authorization=On",
            "WSGITrustedProxyHeaders X-Forwarded-For x_forwarded_host", "WSGITrustedProxies 10.0.0.1",
        ] { try configuration.apply(statement, in: .directory) }
        let settings = configuration.directory
        #expect(settings.processGroup == GroupExpression("site"))
        #expect(settings.applicationGroup == GroupExpression("%{SERVER}"))
        #expect(settings.callableObject == GroupExpression("app", role: .callableObject))
        #expect(settings.scriptReloading == .off)
        #expect(settings.passAuthorization && settings.traceContext && settings.chunkedRequest)
        #expect(settings.errorOverride && settings.ignoreActivity && settings.passApacheRequest)
        #expect(settings.enableSendfile == .on && settings.mapHeadToGet == .off && !settings.groupAuthoritative)
        #expect(settings.restrictProcess == ProcessRestriction(["a", ""]))
        #expect(settings.dispatchScript?.path == "/d.py" && settings.accessScript?.path == "/a.py")
        #expect(settings.dispatchScript?.applicationGroup == GroupExpression(""))
        #expect(settings.authUserScript?.applicationGroup == GroupExpression("g"))
        #expect(settings.authGroupScript?.path == "/g.py")
        #expect(settings.handlerScripts.map(\.name) == ["md"])
        #expect(settings.handlerScripts.first?.processGroup == GroupExpression("p"))
        #expect(settings.trustedProxyHeaders == [.forwardedFor, .forwardedHost])
        #expect(try settings.trustedProxies == AddressList(["10.0.0.1"]))
        #expect(settings.written == 1 << UInt64(DirectiveTable.settings.count) - 1)
    }

    @Test func everyGlobalSettingIsStored() throws {
        var configuration = Configuration()
        for statement in [
            "WSGISocketPrefix 'run/my wsgi'", "WSGIPythonHome /srv/venv", "WSGIPythonPath /srv/a:/srv/b",
            "WSGIRestrictEmbedded on", "WSGIPythonEggs /srv/eggs", "WSGIPythonOptimize 2",
            "WSGIPythonWarnings 'error::UserWarning'", "WSGIPythonWarnings ignore", "WSGIPythonHashSeed random",
            "WSGIDontWriteBytecode On", "WSGIDestroyInterpreter Off", "WSGISwitchInterval 5ms",
            "WSGIPerInterpreterGIL On", "WSGIFreeThreading On", "WSGIRestrictStdin On", "WSGIRestrictStdout On",
            "WSGIRestrictSignal Off", "WSGICaseSensitivity Off", "WSGIServerMetrics On", "WSGISlowRequests 0",
            "WSGITelemetryService unix:/t.sock", "WSGITelemetryOptions All",
        ] { try configuration.apply(statement) }
        let settings = configuration.server.global
        #expect(settings.socketPrefix == "run/my wsgi")
        #expect(settings.pythonHome == "/srv/venv")
        #expect(settings.pythonEggs == "/srv/eggs" && settings.pythonOptimize == 2)
        #expect(settings.pythonWarnings == ["error::UserWarning", "ignore"] && settings.pythonHashSeed == .random)
        #expect(settings.dontWriteBytecode && !settings.destroyInterpreter && !settings.caseSensitivity)
        #expect(
            settings.interpreter.pythonPath == ["/srv/a", "/srv/b"] && settings.interpreter.switchInterval == 0.005)
        #expect(settings.interpreter.perInterpreterGIL == true && settings.interpreter.freeThreading == true)
        #expect(settings.interpreter.restrictStdin == true && settings.interpreter.restrictStdout == true)
        #expect(settings.interpreter.restrictSignal == false)
        #expect(settings.serverMetrics && settings.slowRequests == 0 && settings.telemetryOptions == .captureUserAgent)
        #expect(settings.telemetryService == TelemetryService(socket: "/t.sock", interval: 1))
        #expect(settings.written.contains("WSGIRestrictEmbedded") && !settings.written.contains("WSGIPythonPath"))
        #expect(settings.restrictEmbedded)
        #expect(configuration.server.directory.isEmpty)
    }

    @Test func unknownHeaderOfProxiesIsNoticed() throws {
        var configuration = Configuration()
        try configuration.apply("WSGITrustedProxyHeaders X-Forwarded-Four X-Real-IP")
        #expect(configuration.server.directory.trustedProxyHeaders == [.realIP])
        #expect(configuration.server.notices.count == 1)
        #expect(configuration.server.notices[0].text.contains("did you mean X-Forwarded-For?"))
    }

    @Test func listsOfOnePlaceAddUp() throws {
        var configuration = Configuration()
        try configuration.apply("WSGITrustedProxies 10.0.0.1", in: .directory)
        try configuration.apply("WSGITrustedProxies 10.0.0.2", in: .directory)
        #expect(try configuration.directory.trustedProxies == AddressList(["10.0.0.1", "10.0.0.2"]))
        try configuration.apply("WSGIRestrictProcess a", in: .directory)
        try configuration.apply("WSGIRestrictProcess b", in: .directory)
        #expect(configuration.directory.restrictProcess == ProcessRestriction(["b"]))
    }

    @Test func handlerScriptsOfInnerScopesAreLaidOverThoseOfOuter() throws {
        var outer = Configuration()
        try outer.apply("WSGIHandlerScript a /outer/a.py", in: .directory)
        try outer.apply("WSGIHandlerScript b /outer/b.py", in: .directory)
        var inner = Configuration()
        try inner.apply("WSGIHandlerScript b /old.py", in: .directory)
        try inner.apply("WSGIHandlerScript b /inner/b.py", in: .directory)
        let merged = outer.directory.merged(under: inner.directory)
        #expect(merged.handlerScripts.map(\.path.string) == ["/inner/b.py", "/outer/a.py"])
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
        ("WSGIScriptReloading", "WSGIScriptReloading needs a value: On, Off or Rolling."),
        ("WSGIScriptReloading  ", "WSGIScriptReloading needs a value: On, Off or Rolling."),
        ("WSGIScriptReloading True", "WSGIScriptReloading must be On, Off or Rolling, not 'True'."),
        (
            "WSGIProcessGroup my group",
            "WSGIProcessGroup takes one value, but 'group' follows 'my': put a value with spaces in quotes."
        ),
        (
            "WSGIPythonHome venv",
            "WSGIPythonHome must be the absolute path of the directory that has bin/python in it, not 'venv'."
        ),
        ("WSGIPythonOptimize 3", "WSGIPythonOptimize must be a whole number from 0 to 2, not '3'."),
        (
            "WSGIPythonHashSeed 4294967296",
            "WSGIPythonHashSeed must be random, or a whole number from 0 to 4294967295, not '4294967296'."
        ),
        (
            "WSGISwitchInterval 0",
            "WSGISwitchInterval must be a time in seconds, such as 0.005, greater than 0 (with a unit: 5ms, 1.5s), not '0'."
        ),
        ("WSGIMapHEADToGET maybe", "WSGIMapHEADToGET must be On, Off or Auto, not 'maybe'."),
        (
            "WSGITrustedProxies proxy.example",
            "WSGITrustedProxies: 'proxy.example' is not a numeric IPv4 or IPv6 address, nor a network such as 10.0.0.0/8, "
                + "10.0.0.0/255.0.0.0, 192.168 or fd00::/8."
        ),
        (
            "WSGIHandlerScript md",
            "WSGIHandlerScript needs more: WSGIHandlerScript name /srv/script.py [process-group=name] "
                + "[application-group=name] [pass-authorization=On|Off]."
        ),
        (
            "WSGIHandlerScript wsgi-script /x.py",
            "WSGIHandlerScript: 'wsgi-script' cannot be the name of a handler script; choose another name."
        ),
        (
            "WSGIHandlerScript md /x.py callable-object=y",
            "unknown option 'callable-object=' of WSGIHandlerScript: known options are process-group, application-group, "
                + "pass-authorization."
        ),
        (#"WSGIDispatchScript """#, "WSGIDispatchScript: the path of the script must not be empty."),
        (
            "WSGIDispatchScript /d.py process-group=x",
            "unknown option 'process-group=' of WSGIDispatchScript: known options are application-group."
        ),
        (
            "WSGIImportScript /x.py application-group=a",
            "WSGIImportScript '/x.py' needs process-group=, because a script is imported before the first request; "
                + "%{GLOBAL} means embedded mode."
        ),
        (
            "WSGITelemetryService udp:1",
            "WSGITelemetryService needs the address of a socket: WSGITelemetryService unix:/path [interval=seconds]."
        ),
        (
            "WSGITelemetryService unix:/t interval=0.1",
            "WSGITelemetryService: interval= must be a time in seconds, such as 0.005, at least 0.5 (with a unit: 5ms, "
                + "1.5s), not '0.1'."
        ),
        (
            "WSGITelemetryOptions +All",
            "WSGITelemetryOptions: 'All' is not a flag; flags are CaptureUserAgent, or None or All without a sign."
        ),
        (
            "WSGITelemetryOptions None +CaptureUserAgent",
            "WSGITelemetryOptions: flags with + or - cannot be mixed with others, such as '+CaptureUserAgent' here."
        ),
        ("WSGIPythonPath :", "WSGIPythonPath must be one or more directories, separated by ':', not ':'."),
        (#"WSGISocketPrefix """#, "WSGISocketPrefix must be a path prefix, not ''."),
        (
            "WSGICallableObject app.main",
            "WSGICallableObject must be the name of an object in the script (letters, digits and '_', no dots), not "
                + "'app.main'."
        ),
        (
            "WSGICallableObject make(1)",
            "WSGICallableObject must be the name of an object in the script (letters, digits and '_', no dots), not "
                + "'make(1)'. A factory is called without arguments: write make(), and give it its arguments in the "
                + "script."
        ),
    ])
    func wrongValueIsExplained(statement: String, message: String) {
        #expect(Configuration.error(statement) == message)
    }

    @Test(arguments: [
        ("app", true), ("_a1", true), ("Z", true), ("naïve", true), ("%{ENV:X}", true), ("%x", true),
        ("1a", false), ("", false), ("a-b", false), ("a:b", false), ("a b", false), ("a`", false), ("a{", false),
        ("a@", false), ("a[", false), ("make()", true), ("make(1)", false), ("()", false), ("make()()", false),
        ("make( )", false),
    ])
    func callableIsAName(word: String, isAccepted: Bool) {
        #expect((ValueKind.callable.parse(word) != nil) == isAccepted)
    }

    @Test func nothingIsChangedByARefusedStatement() {
        var configuration = Configuration()
        let rejected = ["WSGIScriptReloading 1", "WSGIScriptAlias /", "WSGIDaemonProcess x y=1", "WSGIPythonHome x"]
        for statement in rejected { #expect(throws: ConfigError.self) { try configuration.apply(statement) } }
        #expect(configuration.server.directory == DirectorySettings())
        #expect(configuration.server.global == GlobalSettings())
        #expect(configuration.server.scriptAliases.isEmpty)
        #expect(configuration.server.groupDefinitions.isEmpty)
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
        for section in [Section.mainServer, .virtualHost] {
            #expect(throws: ConfigError.self) { try Scope.authConfig.check("X", in: section) }
        }
        for section in [Section.directory, .htaccess] { try Scope.authConfig.check("X", in: section) }
    }

    @Test func locationIsPrintedAsFileAndLine() {
        #expect(SourceLocation(file: "/etc/apache2/site.conf", line: 12).description == "/etc/apache2/site.conf:12")
    }
}
