import Testing
import WSGICore

struct SpecTests {
    @Test func scriptsAreTheSameByPathGroupAndCallable() {
        let script = ScriptSpec(path: "/a", applicationGroup: "g", callableObject: "app")
        #expect(script == ScriptSpec(path: "/a", applicationGroup: "g", callableObject: "app"))
        #expect(script != ScriptSpec(path: "/b", applicationGroup: "g", callableObject: "app"))
        #expect(script != ScriptSpec(path: "/a", applicationGroup: "h", callableObject: "app"))
        #expect(script != ScriptSpec(path: "/a", applicationGroup: "g"))
        #expect(ScriptSpec(path: "/a", applicationGroup: "g").callableObject.isEmpty)
    }

    @Test func workerDefaultsAreThoseOfTheReference() {
        let worker = WorkerSpec()
        #expect(worker.threads == 15 && worker.gracefulTimeout == 15 && worker.shutdownTimeout == 5)
        #expect(worker.maximumRequests == 0 && worker.stackSize == 0 && worker.generation == 1)
    }

    @Test func anHttpdChildHasNoWorkerPart() {
        let spec = ProcessSpec()
        #expect(spec.worker == nil && spec.processGroup.isEmpty && spec.preloads.isEmpty)
        #expect(spec.maximumProcesses == 1 && spec.threadsPerProcess == 1)
        #expect(!spec.isMultithreaded && !spec.isMultiprocess && !spec.isRunOnce)
    }

    @Test func aGroupChangesNothingUnlessToldTo() {
        let group = GroupSpec()
        #expect(!group.changesUser && group.umask == nil && group.slots.isEmpty && group.process == ProcessSpec())
    }
}
