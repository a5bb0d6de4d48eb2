import Testing

@testable import WSGIConfig

struct AliasStatementTests {
    @Test func allOptionsAreStored() throws {
        var configuration = Configuration()
        try configuration.apply(
            #"WSGIScriptAlias /app "/srv/my app.wsgi" process-group=site application-group=%{GLOBAL} "#
                + "callable-object=app pass-authorization=on")
        let alias = try #require(configuration.server.scriptAliases.first)
        #expect(alias.urlPath.string == "/app")
        #expect(alias.target.string == "/srv/my app.wsgi")
        #expect(alias.processGroup == GroupExpression("site"))
        #expect(alias.applicationGroup == GroupExpression("%{GLOBAL}"))
        #expect(alias.applicationGroup?.text.isEmpty == true)
        #expect(alias.callableObject == "app")
        #expect(alias.passAuthorization == true)
        #expect(alias.location == SourceLocation(file: "site.conf", line: 1))
    }

    @Test func optionsMayBeAbsent() throws {
        var configuration = Configuration()
        try configuration.apply("WSGIScriptAlias / /srv/apps/")
        let alias = try #require(configuration.server.scriptAliases.first)
        #expect(alias.processGroup == nil && alias.applicationGroup == nil)
        #expect(alias.callableObject == nil && alias.passAuthorization == nil)
    }

    @Test func orderOfDefinitionIsKept() throws {
        var configuration = Configuration()
        for path in ["/a", "/b", "/c"] { try configuration.apply("WSGIScriptAlias \(path) /srv/app.wsgi") }
        #expect(configuration.server.scriptAliases.map(\.urlPath.string) == ["/a", "/b", "/c"])
    }

    @Test(arguments: [
        ("", "needs a URL path and a script"),
        ("/", "needs a URL path and a script"),
        ("app /srv/app.wsgi", "the URL path 'app' must begin with '/'"),
        (#"/ """#, "the path of the script must not be empty"),
        ("/ /srv/app.wsgi site", "'site' is not an option of WSGIScriptAlias"),
        ("/ /srv/app.wsgi process-group = site", "'process-group' is not an option of WSGIScriptAlias"),
        ("/ /srv/app.wsgi =site", "'=site' is not an option of WSGIScriptAlias"),
        (
            "/ /srv/app.wsgi proces-group=x",
            "unknown option 'proces-group=' of WSGIScriptAlias: did you mean process-group=?"
        ),
        ("/ /srv/app.wsgi colour=x", "unknown option 'colour=' of WSGIScriptAlias: known options are process-group, "),
        ("/ /srv/app.wsgi process-group=", "option 'process-group' must not be empty"),
        (#"/ /srv/app.wsgi application-group="""#, "option 'application-group' must not be empty"),
        ("/ /srv/app.wsgi callable-object=", "option 'callable-object' must be the name of an object"),
        ("/ /srv/app.wsgi callable-object=a.b", "option 'callable-object' must be the name of an object"),
        ("/ /srv/app.wsgi pass-authorization=1", "option 'pass-authorization' must be On or Off, not '1'"),
        (#"/ "/srv/app.wsgi"#, "is not closed"),
    ])
    func wrongArgumentsAreExplained(arguments: String, message: String) throws {
        let error = try #require(Configuration.error("WSGIScriptAlias \(arguments)"))
        #expect(error.contains(message))
        #expect(error.contains("WSGIScriptAlias"))
    }
}
