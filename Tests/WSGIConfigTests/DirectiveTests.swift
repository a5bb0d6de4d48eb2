import Testing

@testable import WSGIConfig

struct DirectiveTests {
    @Test func everyDirectorySettingHasARow() {
        #expect(Mirror(reflecting: DirectorySettings()).children.count - 1 == DirectiveTable.settings.count)
    }

    @Test func bitsAreDistinct() {
        let bits = DirectiveTable.settings.map(\.bit)
        #expect(Set(bits).count == bits.count && !bits.contains(0))
        #expect(DirectiveTable.settings.enumerated().allSatisfy { $1.bit == 1 << UInt64($0) })
    }

    @Test func settingOutsideOfContainersGoesToTheServer() throws {
        var configuration = Configuration()
        try configuration.apply("WSGIScriptReloading Off", in: .virtualHost)
        #expect(!configuration.server.directory.scriptReloading)
        #expect(configuration.directory.isEmpty)
    }

    @Test(arguments: [StatementContext.Place.directory, .htaccess])
    func settingInContainerGoesToTheDirectory(place: StatementContext.Place) throws {
        var configuration = Configuration()
        try configuration.apply("WSGIScriptReloading Off", in: place)
        #expect(!configuration.directory.scriptReloading)
        #expect(configuration.server.directory.isEmpty)
    }
}
