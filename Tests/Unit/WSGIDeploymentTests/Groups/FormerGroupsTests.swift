import Testing
import WSGICore

@testable import WSGIConfig
@testable import WSGIDeployment

extension DeploymentTests {
    struct FormerGroupsTests {
        private let ground: Ground

        init() throws { ground = try Ground() }

        private func resolver(_ options: String) throws -> GroupResolver {
            let read = try HandMade("WSGIDaemonProcess a \(options)")
            return GroupResolver(read.groups[0], read.global, ground.machine(isRoot: true))
        }

        /// Whether a group of the user `games` goes on, with its definition as it is now and why that cannot run.
        @Test(arguments: [
            ("user=games", LogID.pythonMissing, true), ("user=games", .serviceWithoutScript, false),
            ("user=daemon", .pythonMissing, false), ("user=\(nobody)", .accountUnusable, true),
        ])
        func groupGoesOnWithTheSameRights(options: String, id: LogID, isKept: Bool) throws {
            var groups = FormerGroups()
            let (resolver, error) = (try resolver(options), ResolutionError(id, "text"))
            #expect(groups.group("a", despite: error, resolver) == nil)
            let former = try self.resolver("user=games").spec(preloads: [], logLevel: 0)
            groups.remember(["a": .init(spec: former, owner: ScriptOwner(user: (7, "seven"), group: nil))])
            let kept = groups.group("a", despite: error, resolver)
            #expect((kept?.spec == former) == isKept && (kept?.owner?.user?.id == 7) == isKept)
            #expect(groups.group("b", despite: error, resolver) == nil)
            groups.remember([:])
            #expect(groups.group("a", despite: error, resolver) == nil)
        }

        @Test func scriptsThatNoAliasNamesAnyMore() {
            var groups = FormerGroups()
            #expect(groups.replaceScripts(["/a", "/b", "/c"], keepsProcesses: true).isEmpty)
            #expect(groups.replaceScripts(["/a", "/b", "/c"], keepsProcesses: true).isEmpty)
            #expect(Set(groups.replaceScripts(["/b", "/d"], keepsProcesses: true)) == ["/a", "/c"])
            // Without processes of before, none has imported a script.
            #expect(groups.replaceScripts(["/d"], keepsProcesses: false).isEmpty)
            #expect(groups.replaceScripts([], keepsProcesses: true) == ["/d"])
        }
    }
}
