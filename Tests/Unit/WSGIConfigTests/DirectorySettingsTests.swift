import Testing

@testable import WSGIConfig

struct DirectorySettingsTests {
    static func settings(_ statements: String...) throws -> DirectorySettings {
        var configuration = Configuration()
        for statement in statements { try configuration.apply(statement, in: .directory) }
        return configuration.directory
    }

    @Test func writtenRowsOfTheChildWin() throws {
        let parent = try Self.settings("WSGIProcessGroup outer", "WSGIScriptReloading Off", "WSGIChunkedRequest On")
        let child = try Self.settings("WSGIProcessGroup inner", "WSGIPassAuthorization On", "WSGIScriptReloading On")
        let merged = parent.merged(under: child)
        #expect(merged.processGroup.text.string == "inner")
        #expect(merged.scriptReloading == .on)
        #expect(merged.chunkedRequest)
        #expect(merged.passAuthorization)
        #expect(merged.written == parent.written | child.written)
        #expect(merged.enableSendfile == .auto && merged.callableObject.text == "application")
    }

    @Test func aDefaultThatWasWrittenWins() throws {
        let parent = try Self.settings("WSGIPassAuthorization On")
        #expect(try !parent.merged(under: Self.settings("WSGIPassAuthorization Off")).passAuthorization)
    }

    @Test func emptySettingsChangeNothing() throws {
        let settings = try Self.settings("WSGIProcessGroup site", "WSGIScriptReloading Off")
        #expect(settings.merged(under: DirectorySettings()) == settings)
        #expect(DirectorySettings().merged(under: settings) == settings)
        #expect(DirectorySettings().merged(under: DirectorySettings()) == DirectorySettings())
    }

    @Test func everyRowIsCopied() throws {
        var all = DirectorySettings()
        for statement in DirectiveTests.directorySamples { all = try all.merged(under: Self.settings(statement)) }
        // A row more, so that merging cannot take the short way of returning the child.
        for row in DirectiveTable.settings where !row.isAccumulating {
            var child = all
            child.written &= ~row.bit
            var parent = DirectorySettings()
            parent.written = row.bit
            let merged = parent.merged(under: child)
            var expected = all
            row.copy(DirectorySettings(), &expected)
            #expect(merged == expected, "\(row.name)")
            #expect(merged != all, "\(row.name)")
        }
    }

    @Test func mergingIsAssociative() throws {
        let statements = [
            "WSGIProcessGroup a", "WSGIProcessGroup b", "WSGIApplicationGroup c", "WSGIScriptReloading Off",
            "WSGIPassAuthorization On", "WSGIChunkedRequest On", "WSGIEnableSendfile On", "WSGIScriptReloading On",
        ]
        var generator = Generator(seed: 4)
        for _ in 0..<200 {
            let three = try (0..<3).map { _ in
                var configuration = Configuration()
                for statement in statements where Bool.random(using: &generator) {
                    try configuration.apply(statement, in: .directory)
                }
                return configuration.directory
            }
            let left = three[0].merged(under: three[1]).merged(under: three[2])
            let right = three[0].merged(under: three[1].merged(under: three[2]))
            #expect(left == right)
        }
    }

    @Test func sourceSaysWhetherMergingIsNeeded() throws {
        let empty = DirectorySettings()
        let one = try Self.settings("WSGIProcessGroup a")
        let two = try Self.settings("WSGIScriptReloading Off")
        let both = one.merged(under: two)
        #expect(DirectorySettings.source(server: empty, directory: empty) == .server)
        #expect(DirectorySettings.source(server: one, directory: empty) == .server)
        #expect(DirectorySettings.source(server: empty, directory: one) == .directory)
        #expect(DirectorySettings.source(server: one, directory: both) == .directory)
        #expect(DirectorySettings.source(server: one, directory: two) == .both)
        #expect(DirectorySettings.source(server: both, directory: one) == .both)
    }

    @Test func handlerScriptsOfTheInnerScopeComeFirst() throws {
        let server = try Self.settings("WSGIHandlerScript one /srv/outer.py", "WSGIHandlerScript two /srv/two.py")
        let directory = try Self.settings("WSGIHandlerScript one /srv/inner.py")
        // All that the server has written is written here, too, and yet it has a say.
        #expect(DirectorySettings.source(server: server, directory: directory) == .both)
        #expect(
            server.merged(under: directory).handlerScripts.map(\.path.string) == ["/srv/inner.py", "/srv/two.py"])
    }
}
