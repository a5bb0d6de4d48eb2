import Testing
import WSGICore
import WSGIWire

@testable import WSGISupervisor

/// Slots of one group, and whose turn it is.
struct TurnTests {
    private let group: ProcessGroup
    private let now: Int64 = 1_000_000

    /// A group in which three workers serve.
    init() {
        var spec = GroupSpec()
        spec.name = "site"
        group = ProcessGroup(spec, Configuration(spec: SupervisorSpec(), adopting: []))
        for index in 0..<3 {
            let slot = ProcessGroup.Slot(
                SlotSpec(index: UInt32(index), listenerDescriptor: 0), after: 0, timeouts: group.timeouts)
            _ = slot.machine.handleAtOnce(.configured(.definition), at: now)
            _ = slot.machine.handle(.ready(generation: 1), at: now)
            group.slots.append(slot)
        }
    }

    private func next(at time: Int64 = 1_000_000) -> UInt32? {
        let able = group.slots.filter { $0.machine.wanted != nil && group.mayBegin($0, at: time) }
        return (able.first { $0.machine.wanted?.isAwaited == true } ?? able.first)?.index
    }

    @Test func nobodysTurnWhenNothingIsWanted() {
        #expect(next() == nil)
    }

    @Test func slotsAreReplacedOneAfterTheOther() {
        for slot in group.slots { #expect(slot.machine.handle(.configured(.none), at: now) == []) }
        for (index, slot) in group.slots.enumerated() {
            #expect(next() == UInt32(index))
            let cause = SlotMachine.Cause.configuration(.none)
            #expect(slot.machine.handle(.turn, at: now) == [.start(generation: 2, cause, hasPredecessor: true)])
            #expect(next() == nil, "one start is in flight")
            _ = slot.machine.handle(.ready(generation: 2), at: now)
        }
        #expect(next() == nil)
    }

    @Test func slotForWhichRequestsWaitComesFirst() {
        for slot in group.slots { _ = slot.machine.handle(.configured(.none), at: now) }
        _ = group.slots[2].machine.handle(.changed(generation: 1, isAwaited: true), at: now)
        #expect(next() == 2)
        #expect(group.slots[2].machine.wanted == SlotMachine.Wanted(cause: .configuration(.none), isAwaited: true))
    }

    @Test func failedStartLetsTheNextOneBegin() {
        for slot in group.slots.prefix(2) {
            _ = slot.machine.handle(.retire(generation: 1, .maximumRequests, "x"), at: now)
        }
        _ = group.slots[0].machine.handle(.turn, at: now)
        _ = group.slots[0].machine.handle(.ended(generation: 2), at: now)
        #expect(next() == 1)
    }

    @Test func startThatHangsDoesNotHoldUpTheOthersForEver() {
        for slot in group.slots.prefix(2) {
            _ = slot.machine.handle(.retire(generation: 1, .maximumRequests, "x"), at: now)
        }
        _ = group.slots[0].machine.handle(.turn, at: now)
        #expect(next(at: now + SlotMachine.patience - 1) == nil)
        #expect(next(at: now + SlotMachine.patience) == 1)
    }

    @Test func workerThatDiesWhileItWaitsForItsTurnIsReplacedAtOnce() {
        let slot = group.slots[0]
        _ = slot.machine.handle(.configured(.none), at: now)
        #expect(
            slot.machine.handleAtOnce(.ended(generation: 1), at: now + 60_000) == [
                .withdraw, .start(generation: 2, .ended, hasPredecessor: false),
            ])
        #expect(slot.machine.wanted == nil)
    }

    @Test func changedConfigurationOutweighsOtherCauses() {
        let slot = group.slots[0]
        _ = slot.machine.handle(.configured(.definition), at: now)
        _ = slot.machine.handle(.configured(.rights), at: now)
        _ = slot.machine.handle(.configured(.none), at: now)
        _ = slot.machine.handle(.changed(generation: 1, isAwaited: false), at: now)
        #expect(slot.machine.wanted?.cause == .configuration(.rights))
    }

    // MARK: - Where the former worker ends first

    @Test func slotsThatStopFirstWaitUntilTheOthersServe() {
        var spec = group.spec
        spec.stopsFirst = true
        #expect(group.update(spec, Configuration(spec: SupervisorSpec(), adopting: [])) == .definition)
        for slot in group.slots {
            slot.machine.replacement = group.replacement
            _ = slot.machine.handle(.configured(.definition), at: now)
        }
        let first = group.slots[0]
        #expect(first.machine.handle(.turn, at: now) == [.withdraw, .drain(generation: 1, requests: 15, total: 20)])
        #expect(next() == nil)
        let cause = SlotMachine.Cause.configuration(.definition)
        #expect(
            first.machine.handleAtOnce(.ended(generation: 1), at: now) == [
                .start(generation: 2, cause, hasPredecessor: false)
            ])
        #expect(next(at: now + SlotMachine.patience) == nil, "the others go on as long as it does not serve")
        _ = first.machine.handle(.ready(generation: 2), at: now)
        #expect(next() == 1)
    }

    @Test func uselessWorkerEndsBeforeTheNextOneStarts() {
        let slot = group.slots[0]
        slot.machine.replacement = .stopFirst
        #expect(
            slot.machine.handleAtOnce(.retire(generation: 1, .deadlockTimeout, "x"), at: now)
                == [.withdraw, .drain(generation: 1, requests: 0, total: 0, because: .deadlockTimeout)])
        let cause = SlotMachine.Cause.retired(.deadlockTimeout, "x")
        #expect(
            slot.machine.handleAtOnce(.ended(generation: 1), at: now) == [
                .start(generation: 2, cause, hasPredecessor: false)
            ])
    }

    // MARK: - Definitions

    private func change(_ change: (inout GroupSpec) -> Void, scripts: [String] = []) -> SlotMachine.Change {
        var (spec, configuration) = (group.spec, SupervisorSpec())
        change(&spec)
        configuration.formerScripts = scripts
        return group.update(spec, Configuration(spec: configuration, adopting: []))
    }

    @Test func formerDefinitionCountsUntilThePresentOneHasServed() {
        #expect(change { $0.python = "/venv2/bin/python" } == .definition)
        #expect(group.former?.python == "")
        #expect(change { $0.python = "/venv3/bin/python" } == .definition)
        #expect(group.former?.python == "", "what has served")
        let slot = group.slots[0]
        _ = slot.machine.handle(.ended(generation: 1), at: now)
        #expect(group.attempt(slot, .ended, hasPredecessor: false).spec.python == "/venv3/bin/python")
        group.noteFailedStart(of: slot)
        let attempt = group.attempt(slot, .ended, hasPredecessor: false)
        #expect(attempt.usesFormerDefinition && attempt.spec.python == "" && !attempt.mustSucceed)
        group.noteFailedStart(of: slot)
        #expect(!group.attempt(slot, .ended, hasPredecessor: false).usesFormerDefinition)
        group.notePresent(group.spec)
        #expect(group.former == nil)
    }

    @Test func otherRightsHaveNoFormerDefinition() {
        _ = change { $0.changesUser = true }
        #expect(change { $0.userID = 5 } == .rights && group.former == nil)
        #expect(change { $0.supplementaryGroups = [1] } == .rights)
        #expect(change { $0.root = "/jail" } == .rights)
        #expect(change { $0.umask = 7 } == .definition)
    }

    @Test func learnedScriptsOutliveAChangeUnlessNoAliasNamesThemAnyMore() {
        for path in ["/v1.wsgi", "/other.wsgi"] { _ = group.learn(ScriptSpec(path: path, applicationGroup: "")) }
        #expect(change({ $0.python = "/venv2" }, scripts: ["/v1.wsgi"]) == .definition)
        #expect(group.learned.map(\.path) == ["/other.wsgi"])
    }

    @Test func stopFirstServesWithoutWhatIsBrokenIfSomethingElseWorks() {
        _ = change { $0.stopsFirst = true }
        group.notePresent(group.spec)
        for path in ["/a", "/b"] { _ = group.learn(ScriptSpec(path: path, applicationGroup: "")) }
        let slot = group.slots[0]
        _ = slot.machine.handle(.ended(generation: 1), at: now)
        var attempt = group.attempt(slot, .ended, hasPredecessor: false)
        #expect(attempt.mustSucceed && attempt.tolerated.isEmpty)
        _ = group.noteFailure(failure("/a", 0), of: slot)
        group.noteFailedStart(of: slot)
        attempt = group.attempt(slot, .ended, hasPredecessor: false)
        #expect(attempt.tolerated.map(\.path) == ["/a"])
        _ = group.noteFailure(failure("/b", 0), of: slot)
        group.noteFailedStart(of: slot)
        #expect(group.attempt(slot, .ended, hasPredecessor: false).tolerated.isEmpty)
    }

    @Test func adviceFollowsALock() {
        let slot = group.slots[0]
        _ = group.noteFailure(failure("/a", 5), of: slot)
        #expect(group.advice(for: slot).contains("touch '/a'"))
        var locked = failure("/a", 5)
        for line in [
            "zc.lockfile.LockError: Couldn't lock 'Data.fs.lock'", "OSError: [Errno 98] Address already in use",
            "BlockingIOError: [Errno 11] Resource temporarily unavailable",
        ] {
            locked.report = ["Traceback", line]
            _ = group.noteFailure(locked, of: slot)
            #expect(group.advice(for: slot).contains("replacement=stop-first"))
        }
        _ = change { $0.stopsFirst = true }
        #expect(!group.advice(for: slot).contains("replacement=stop-first"))
    }

    // MARK: - Code that fails

    private func failure(_ path: String, _ modified: Int64) -> StartFailure {
        var failure = StartFailure(text: "the script cannot be imported.")
        failure.script = path
        failure.modified = modified
        failure.report = ["Traceback", "ValueError: broken"]
        return failure
    }

    @Test func attemptsWithTheSameCodeAreCounted() {
        let slot = group.slots[0]
        #expect(group.noteFailure(failure("/nowhere/a.wsgi", 5), of: slot) == 1)
        #expect(group.explanation(of: slot, count: 1) == " (/nowhere/a.wsgi: ValueError: broken)")
        #expect(group.noteFailure(failure("/nowhere/a.wsgi", 5), of: group.slots[1]) == 2)
        #expect(group.noteFailure(failure("/nowhere/a.wsgi", 5), of: slot) == 3)
        #expect(group.explanation(of: slot, count: 1).contains("attempt 3 with this code"))
        #expect(group.noteFailure(failure("/nowhere/a.wsgi", 6), of: slot) == 1)
    }

    @Test func furtherAttemptIsDueForCodeThatCameMeanwhile() {
        let slot = group.slots[0]
        slot.asked = ["/a": 5]
        group.beginAttempt(slot)
        #expect(!group.isRetryDue(slot), "all of it was tried")
        slot.asked = ["/a": 6]
        _ = group.noteFailure(failure("/a", 5), of: slot)
        #expect(group.isRetryDue(slot))
        _ = group.noteFailure(failure("/a", 6), of: slot)
        #expect(!group.isRetryDue(slot), "that is what has failed")
    }

    @Test func failedCodeStandsUntilItsFileChanges() {
        var code = FailedCode()
        #expect(!code.isStanding(at: 0) { $0.map { _ in 5 } })
        _ = code.note("/a", modified: 5)
        #expect(code.isStanding(at: 1_000_000) { $0.map { _ in 5 } })
        #expect(code.blames("/a", modified: 5) && !code.blames("/a", modified: 6) && !code.blames("/b", modified: 5))
        #expect(code.isStanding(at: 0) { $0.map { _ in -1 } }, "nobody knows")
        #expect(!code.isStanding(at: 0) { $0.map { _ in 6 } })
        #expect(!code.blames("/a", modified: 5), "forgotten")
    }

    @Test func suspicionEnds() {
        var code = FailedCode()
        code.suspect("/a", modified: 5, at: 100)
        #expect(code.isStanding(at: 99 + FailedCode.suspicion) { $0.map { _ in 5 } })
        #expect(!code.blames("/a", modified: 5))
        #expect(!code.isStanding(at: 100 + FailedCode.suspicion) { $0.map { _ in 5 } })
    }

    @Test func successForgetsWhatFailed() {
        let slot = group.slots[0]
        _ = group.noteFailure(failure("/nowhere", 5), of: slot)
        slot.asked = ["/nowhere": 5]
        group.noteSuccess(slot)
        #expect(slot.asked.isEmpty && !group.isPointless(at: now))
    }
}

/// Slots whose processes only run scripts: never two at a time.
struct ExclusiveSlotMachineTests {
    private static func serving() -> SlotMachine {
        var slot = SlotMachine(after: 0, timeouts: SlotMachine.Timeouts(graceful: 15, shutdown: 5))
        slot.replacement = .service
        _ = slot.handleAtOnce(.configured(.definition), at: 0)
        _ = slot.handleAtOnce(.ready(generation: 1), at: 0)
        return slot
    }

    @Test func oldOneEndsBeforeTheNewOneStarts() {
        var slot = Self.serving()
        _ = slot.handle(.configured(.none), at: 100)
        #expect(slot.handle(.turn, at: 100) == [.withdraw, .drain(generation: 1, requests: 5, total: 5)])
        #expect(slot.isReplacing(at: 100) && slot.deadline == 6_100)
        #expect(slot.handleAtOnce(.configured(.definition), at: 200) == [])
        #expect(slot.handleAtOnce(.tick, at: 6_100) == [.kill(generation: 1)])
        let cause = SlotMachine.Cause.configuration(.none)
        #expect(
            slot.handleAtOnce(.ended(generation: 1), at: 6_200) == [.start(generation: 2, cause, hasPredecessor: false)]
        )
    }

    @Test func startAfterAStopWaitsForTheOldOne() {
        var slot = Self.serving()
        _ = slot.handleAtOnce(.stop, at: 100)
        #expect(slot.handleAtOnce(.configured(.definition), at: 100) == [])
        #expect(
            slot.handleAtOnce(.ended(generation: 1), at: 200) == [.start(generation: 2, .first, hasPredecessor: false)])
    }

    @Test func stopWhileTheOldOneEnds() {
        var slot = Self.serving()
        _ = slot.handle(.configured(.none), at: 100)
        _ = slot.handle(.turn, at: 100)
        #expect(slot.handleAtOnce(.stop, at: 200) == [])
        #expect(slot.handleAtOnce(.ended(generation: 1), at: 300) == [])
        #expect(slot.isFinished)
    }

    @Test func removalDoesNotWaitForRequests() {
        var slot = Self.serving()
        #expect(slot.handleAtOnce(.removed, at: 100) == [.withdraw, .drain(generation: 1, requests: 5, total: 5)])
    }

    @Test func longRunIsFollowedAtOnceAndShortOnesBackOff() {
        var slot = Self.serving()
        #expect(
            slot.handleAtOnce(.ended(generation: 1), at: BackOff.longRun).last
                == .start(generation: 2, .ended, hasPredecessor: false))
        var now = BackOff.longRun
        for (generation, delay) in zip(UInt32(2)..., [1_000, 2_000, 4_000] as [Int64]) {
            _ = slot.handleAtOnce(.ready(generation: generation), at: now)
            #expect(
                slot.handleAtOnce(.ended(generation: generation), at: now + 5_000).last
                    == .delayed(milliseconds: delay, failures: Int(generation), starts: false))
            now += 5_000 + delay
            #expect(
                slot.handleAtOnce(.tick, at: now) == [.start(generation: generation + 1, .ended, hasPredecessor: false)]
            )
        }
    }

    @Test func repairedScriptEndsTheBackOff() {
        var slot = Self.serving()
        _ = slot.handleAtOnce(.ended(generation: 1), at: 10)
        #expect(slot.handleAtOnce(.repaired, at: 15) == [], "a start is in flight")
        _ = slot.handleAtOnce(.ended(generation: 2), at: 20)
        #expect(
            slot.handleAtOnce(.repaired, at: 30) == [
                .start(generation: 3, SlotMachine.changedCode, hasPredecessor: false)
            ])
        #expect(slot.failures == 0)
    }
}

extension SlotMachine {
    /// The event, and its turn for a start that has nothing to wait for.
    mutating func handleAtOnce(_ event: Event, at now: Int64) -> [Action] {
        let actions = handle(event, at: now)
        return phase == .waiting ? actions + handle(.turn, at: now) : actions
    }
}
