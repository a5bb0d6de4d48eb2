import Testing
import WSGICore

struct VersionTests {
    @Test func textIsMadeOfTheComponents() {
        #expect(ModuleVersion.text == ModuleVersion.components.map(String.init).joined(separator: "."))
        #expect(ModuleVersion.components.count == 3)
    }
}
