import ProcessKit
import Testing
import WSGICore

@testable import WSGISupervisor

struct ProcessGroupTests {
    private func group(_ change: (inout GroupSpec) -> Void = { _ in }) -> GroupSpec {
        var spec = GroupSpec()
        spec.name = "site"
        spec.process.worker = WorkerSpec()
        change(&spec)
        return spec
    }

    private func configuration() -> Configuration { Configuration(spec: SupervisorSpec(), adopting: []) }

    @Test func placeAndNumbersAreNoChange() {
        let group = ProcessGroup(group(), configuration())
        let moved = self.group {
            $0.origin = "other.conf:7"
            $0.index = 4
            $0.slots = [SlotSpec(index: 9, listenerDescriptor: 3)]
            $0.logDescriptor = 2
        }
        #expect(group.update(moved, configuration()) == .none)
        #expect(group.update(self.group { $0.process.worker?.threads = 3 }, configuration()) == .definition)
    }

    @Test func learnedScriptsAreBoundedAndOldestGoFirst() {
        let group = ProcessGroup(group(), configuration())
        for number in 0..<70 { #expect(group.learn(ScriptSpec(path: "/\(number).wsgi", applicationGroup: ""))) }
        #expect(!group.learn(ScriptSpec(path: "/69.wsgi", applicationGroup: "")))
        #expect(group.learned.count == WorkerProcess.maximumLearned)
        #expect(group.learned.first?.path == "/6.wsgi")
        group.forget { $0.path != "/8.wsgi" }
        #expect(group.learned.map(\.path) == ["/8.wsgi"])
    }

    @Test func namesThatWorkersSayAreBounded() {
        let group = ProcessGroup(group(), configuration())
        let slot = ProcessGroup.Slot(
            SlotSpec(index: 0, listenerDescriptor: 0), after: 0, timeouts: group.timeouts)
        var code = FailedCode()
        for number in 0..<1_000 {
            group.noteLoading("/nowhere/\(number)", in: slot)
            _ = slot.noteAsked("/nowhere/\(number)", modified: 1)
            _ = code.note("/nowhere/\(number)", modified: 0)
            code.suspect("/nowhere/\(number)/", modified: 1, at: 0)
        }
        #expect(slot.code.count == 2 * WorkerProcess.maximumLearned)
        #expect(slot.asked.count == WorkerProcess.maximumLearned)
        var looks = 0
        _ = code.isStanding(at: 0) { paths in
            looks += paths.count
            return paths.map { _ in 0 }
        }
        #expect(looks <= FailedCode.most)
    }

    @Test func configuredPreloadsAreNotLearned() {
        let script = ScriptSpec(path: "/a.wsgi", applicationGroup: "x")
        let group = ProcessGroup(group { $0.process.preloads = [script] }, configuration())
        #expect(!group.learn(script))
        #expect(group.learned.isEmpty)
    }

    @Test func stateFollowsTheSlots() {
        let group = ProcessGroup(group(), configuration())
        #expect(group.state == .stopped)
        let slots = (0..<2).map {
            ProcessGroup.Slot(SlotSpec(index: $0, listenerDescriptor: 0), after: 0, timeouts: group.timeouts)
        }
        group.slots = slots
        for slot in slots { _ = slot.machine.handleAtOnce(.configured(.definition), at: 0) }
        #expect(group.state == .starting)
        for slot in slots {
            for generation in UInt32(1)...2 { _ = slot.machine.handleAtOnce(.ended(generation: generation), at: 1) }
        }
        #expect(group.state == .failed)
        _ = slots[0].machine.handleAtOnce(.tick, at: 2_000)
        #expect(group.state == .starting)
        _ = slots[0].machine.handle(.ready(generation: 3), at: 2_001)
        #expect(group.state == .serving)
        for slot in slots { _ = slot.machine.handle(.stop, at: 3_000) }
        #expect(group.state == .stopped)
    }

    @Test func environmentNamesTheUser() {
        let spec = group {
            $0.userName = "web"
            $0.userHome = "/home/web"
            $0.lang = "de_DE.UTF-8"
        }
        let inherited = ["PATH=/bin", "HOME=/root", "USER=root", "LANG=C", "HOMEPAGE=x"]
        let environment = WorkerLauncher.environment(for: spec, inherited: inherited)
        #expect(environment.sorted() == ["HOME=/home/web", "HOMEPAGE=x", "LANG=de_DE.UTF-8", "PATH=/bin", "USER=web"])
    }
}
