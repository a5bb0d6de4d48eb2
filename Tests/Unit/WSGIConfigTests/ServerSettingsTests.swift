import Testing

@testable import WSGIConfig

struct ServerSettingsTests {
    static func servers() throws -> (main: ServerSettings, host: ServerSettings) {
        var main = Configuration()
        try main.apply("WSGIScriptAlias /shared /srv/main.wsgi")
        try main.apply("WSGIScriptAlias /both /srv/main.wsgi")
        try main.apply("WSGIDaemonProcess main")
        try main.apply("WSGIProcessGroup main")
        try main.apply("WSGIScriptReloading Off")
        try main.apply("WSGIRestrictEmbedded On")
        var host = Configuration()
        try host.apply("WSGIScriptAlias /both /srv/host.wsgi", in: .virtualHost)
        try host.apply("WSGIDaemonProcess host", in: .virtualHost)
        try host.apply("WSGIProcessGroup host", in: .virtualHost)
        return (main.server, host.server)
    }

    @Test func virtualHostIsMergedOverTheMainServer() throws {
        let (main, host) = try Self.servers()
        let merged = main.merged(under: host)
        #expect(merged.scriptAliases.map(\.target.string) == ["/srv/host.wsgi", "/srv/main.wsgi", "/srv/main.wsgi"])
        #expect(merged.ownAliases.map(\.target.string) == ["/srv/host.wsgi"])
        #expect(merged.groupDefinitions.map(\.name) == ["host"])
        #expect(merged.directory.processGroup.text == "host")
        #expect(merged.directory.scriptReloading == .off)
        #expect(merged.global.restrictEmbedded)
    }
}
