import Testing
import WSGICore

@testable import WSGIConfig

struct PreloadTests {
    static func preloads(
        _ hosts: [(name: String?, statements: [String])], single: Set<Int> = []
    ) throws -> [Preload] {
        let servers = try configured(hosts)
        return try ProcessGroups(servers: servers).preloads(of: servers, single: single)
    }

    static func error(_ hosts: [(name: String?, statements: [String])]) throws -> String {
        let servers = try configured(hosts)
        let groups = try ProcessGroups(servers: servers)
        do throws(ConfigError) {
            _ = try groups.preloads(of: servers)
            return "accepted"
        } catch {
            return error.description
        }
    }

    static let alias = "WSGIScriptAlias / /srv/app.wsgi application-group=%{GLOBAL} process-group="

    @Test func aliasWithBothGroupsIsPreloaded() throws {
        let preloads = try Self.preloads([
            (
                "main.org",
                [
                    "WSGIDaemonProcess first", "WSGIDaemonProcess site", Self.alias + "site",
                    "WSGIScriptAlias /b /srv/b.wsgi process-group=%{GLOBAL} application-group=b callable-object=x",
                ]
            )
        ])
        #expect(
            preloads == [
                Preload(group: 1, script: ScriptSpec(path: "/srv/app.wsgi", applicationGroup: "", mountPoint: "")),
                Preload(group: nil, script: ScriptSpec(path: "/srv/b.wsgi", applicationGroup: "b", mountPoint: "/b")),
            ])
    }

    @Test(arguments: [
        "", "process-group=site", "application-group=%{GLOBAL}", "process-group=site application-group=%{SERVER}",
        "process-group=%{ENV:X} application-group=x", "process-group=unknown application-group=%{RESOURCE}",
        "process-group=x%{y} application-group=x",
    ])
    func otherAliasesAreNot(options: String) throws {
        #expect(
            try Self.preloads([
                ("main.org", ["WSGIDaemonProcess site", "WSGIScriptAlias / /srv/app.wsgi \(options)"])
            ]).isEmpty)
    }

    @Test func automaticGroupIsPreloadedWhereItIsTheMainInterpreter() throws {
        let statements = [
            "WSGIDaemonProcess one", "WSGIDaemonProcess two",
            "WSGIScriptAlias /a /a.wsgi process-group=one application-group=%{AUTO}",
            "WSGIScriptAlias /b /b.wsgi process-group=two application-group=%{AUTO}",
            "WSGIScriptAlias /c /c.wsgi process-group=%{GLOBAL} application-group=%{AUTO}",
        ]
        let preloads = try Self.preloads([("main.org", statements)], single: [1])
        #expect(
            preloads == [Preload(group: 1, script: ScriptSpec(path: "/b.wsgi", applicationGroup: "", mountPoint: "/b"))]
        )
    }

    @Test func factoryOfAnAliasIsCalledWithTheImport() throws {
        let name = "callable-object=create_app()"
        let statements = [
            "WSGIDaemonProcess site", Self.alias + "site", "\(Self.alias)site \(name)", "\(Self.alias)site \(name)",
        ]
        #expect(try Self.preloads([("main.org", statements)]).map(\.script.callableObject) == ["", "create_app()"])
    }

    @Test func aliasMayStandBeforeItsGroup() throws {
        #expect(try Self.preloads([("main.org", [Self.alias + "site", "WSGIDaemonProcess site"])]).count == 1)
    }

    @Test func scriptThatIsImportedAndMountedCountsOnce() throws {
        let statements = [
            "WSGIDaemonProcess site", "WSGIImportScript /srv/app.wsgi process-group=site application-group=%{GLOBAL}",
            "WSGIScriptAlias /a /srv/app.wsgi process-group=site application-group=%{GLOBAL}", Self.alias + "site",
        ]
        let script = ScriptSpec(path: "/srv/app.wsgi", applicationGroup: "", mountPoint: "/a")
        #expect(try Self.preloads([("main.org", statements)]) == [Preload(group: 0, script: script)])
    }

    @Test func processesWithoutRequestThreadsImportNoApplications() throws {
        let script = "WSGIImportScript /srv/work.py process-group=site application-group=%{GLOBAL}"
        let preloads = try Self.preloads([
            ("main.org", ["WSGIDaemonProcess site threads=0", Self.alias + "site", script])
        ])
        #expect(preloads.map(\.script) == [ScriptSpec(path: "/srv/work.py", applicationGroup: "")])
    }

    @Test func theSamePreloadCountsOnce() throws {
        let preloads = try Self.preloads([
            ("main.org", ["WSGIDaemonProcess site"]), ("a.org", [Self.alias + "site"]),
            ("b.org", [Self.alias + "site"]),
        ])
        #expect(preloads.count == 1)
    }

    @Test func inheritedAliasesCountForTheirOwnServer() throws {
        var servers = try configured([
            ("main.org", ["WSGIDaemonProcess site", Self.alias + "site"]), ("a.org", [Self.alias + "site"]),
        ])
        let merged = servers[0].settings.merged(under: servers[1].settings)
        servers[1] = ConfiguredServer(host: servers[1].host, settings: merged)
        #expect(merged.scriptAliases.count == 2)
        #expect(try ProcessGroups(servers: servers).preloads(of: servers).count == 1)
    }

    @Test func groupOfTheSameSiteIsAccessible() throws {
        #expect(
            try Self.preloads([
                ("main.org", []), ("a.org", ["WSGIDaemonProcess site"]), ("a.org", [Self.alias + "site"]),
            ]).count == 1)
    }

    @Test(
        arguments: [
            ("a.org", "b.org", "and a group can be used by virtual hosts of the same ServerName only"),
            (nil, "b.org", "and without a ServerName on both sides they cannot be matched"),
            ("a.org", nil, "and without a ServerName on both sides they cannot be matched"),
        ] as [(String?, String?, String)])
    func groupOfAnotherHostIsNot(definer: String?, user: String?, reason: String) throws {
        let error = try Self.error([
            ("main.org", []), (definer, ["WSGIDaemonProcess site"]),
            (user, ["WSGIScriptReloading On", Self.alias + "site"]),
        ])
        #expect(
            error == "WSGIScriptAlias '/' at site.conf:2: process group 'site' is not accessible here, because it is "
                + "defined in another virtual host, at site.conf:1, \(reason): move its WSGIDaemonProcess out of "
                + "<VirtualHost>, or define a group of another name here.")
    }

    @Test(arguments: [
        ([], "add a WSGIDaemonProcess 'site'; none can be used by this server."),
        (
            ["WSGIDaemonProcess sites", "WSGIDaemonProcess other"],
            "did you mean 'sites'? Groups that can be used here: sites, other."
        ),
        (
            ["WSGIDaemonProcess other"],
            "add a WSGIDaemonProcess 'site', or use another group. Groups that can be used here: other."
        ),
    ])
    func unknownGroupIsExplained(groups: [String], advice: String) throws {
        let error = try Self.error([("main.org", [Self.alias + "site"] + groups)])
        #expect(
            error == "WSGIScriptAlias '/' at site.conf:1: process group 'site' is not yet configured: \(advice)")
    }

    @Test func groupsOfOthersAreNotSuggested() throws {
        let error = try Self.error([
            ("main.org", []), ("a.org", ["WSGIDaemonProcess sites"]), ("b.org", [Self.alias + "site"]),
        ])
        #expect(error.hasSuffix("add a WSGIDaemonProcess 'site'; none can be used by this server."))
    }
}
