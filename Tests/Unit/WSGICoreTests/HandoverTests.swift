import Testing

@testable import WSGICore

/// A request and a group whose slots have these generations.
private struct Bench {
    var handover: Handover
    var present: [UInt32]

    init(_ present: UInt32...) {
        self.present = present
        handover = Handover(slots: present.count)
    }

    mutating func on(_ event: Handover.Event) -> Handover.Step { handover.handle(event, present: present) }

    /// The worker of a slot rejects the request.
    mutating func rejected(_ slot: Int, _ reason: Handover.Reason = .changed) -> Handover.Step {
        on(.rejected(slot: slot, generation: present[slot], reason))
    }
}

struct HandoverTests {
    @Test func firstStepIsAnyThread() {
        var bench = Bench(1, 2)
        #expect(bench.handover.begin() == .claim(preferred: nil))
        #expect(bench.handover.attempts == 1)
        #expect(!bench.handover.isRepeated)
        #expect(bench.handover.takePermission() == nil)
    }

    @Test func lostConnectionIsTriedAgainAtOnce() {
        var bench = Bench(1)
        _ = bench.handover.begin()
        #expect(bench.on(.retry(isEarly: false)) == .claim(preferred: nil))
        #expect(bench.handover.isRepeated)
    }

    @Test func earlyFailurePausesAndCostsNoAttempt() {
        var bench = Bench(1)
        _ = bench.handover.begin()
        for _ in 0..<Handover.mostPauses {
            #expect(bench.on(.retry(isEarly: true)) == .pause)
            #expect(bench.on(.paused) == .claim(preferred: nil))
        }
        #expect(bench.handover.attempts == 1)
        #expect(bench.handover.isRepeated)
        #expect(bench.on(.retry(isEarly: true)) == .claim(preferred: nil))
        #expect(bench.handover.attempts == 2)
    }

    @Test func attemptsHaveAnEnd() {
        var bench = Bench(1, 2, 3)
        var step = bench.handover.begin()
        var attempts = 0
        while step != .giveUp {
            attempts += 1
            step = bench.on(.retry(isEarly: false))
        }
        #expect(attempts == 2 * 3 + 8)
    }

    @Test func changedScriptWaitsForTheSuccessorAndPermitsWhatItLoads() {
        var bench = Bench(7)
        _ = bench.handover.begin()
        #expect(bench.rejected(0) == .awaitSuccessor)
        #expect(bench.handover.hasRejected(7, at: 0) && !bench.handover.hasRejected(8, at: 0))
        #expect(bench.on(.successor(.ready)) == .claim(preferred: 0))
        #expect(bench.handover.takePermission() == .reloaded)
        // Once.
        #expect(bench.handover.takePermission() == nil)
    }

    @Test func workerThatHasNotRejectedIsTriedWhetherItIsNewOrNot() {
        var bench = Bench(4, 5)
        _ = bench.handover.begin()
        _ = bench.rejected(0)
        // It was there before: it may have the old code as well, and is asked whether it has.
        #expect(bench.on(.successor(.claimed(slot: 1, generation: 5))) == .handOver(slot: 1, generation: 5))
        #expect(bench.handover.takePermission() == nil)
        _ = bench.rejected(1)
        #expect(bench.on(.successor(.claimed(slot: 0, generation: 6))) == .handOver(slot: 0, generation: 6))
        #expect(bench.handover.takePermission() == .reloaded)
    }

    @Test func spentWorkerCostsNoAttemptAndPermitsNothing() {
        var bench = Bench(1)
        _ = bench.handover.begin()
        for generation in 1...UInt32(Handover.mostReturns) {
            bench.present = [generation]
            #expect(bench.rejected(0, .spent) == .awaitSuccessor)
            #expect(bench.on(.successor(.ready)) == .claim(preferred: 0))
            #expect(bench.handover.takePermission() == nil)
        }
        #expect(bench.handover.attempts == 1)
        _ = bench.rejected(0, .spent)
        _ = bench.on(.successor(.ready))
        #expect(bench.handover.attempts == 2)
    }

    @Test func spentWorkerWithoutSuccessorCostsAnAttempt() {
        var bench = Bench(1)
        _ = bench.handover.begin()
        var step = Handover.Step.pause
        for _ in 0..<10 {
            _ = bench.rejected(0, .spent)
            step = bench.on(.successor(.none))
        }
        #expect(step == .giveUp)
    }

    @Test func oldCodeAnswersWhenNoSuccessorComes() {
        var bench = Bench(1, 2, 3)
        _ = bench.handover.begin()
        _ = bench.rejected(0)
        _ = bench.on(.successor(.claimed(slot: 1, generation: 2)))
        _ = bench.rejected(1)
        // The last of those that have it.
        #expect(bench.on(.successor(.none)) == .claim(preferred: 1))
        #expect(bench.handover.takePermission() == .stale)
        // All of them may be asked again.
        #expect(!bench.handover.hasRejected(1, at: 0) && !bench.handover.hasRejected(2, at: 1))
    }

    @Test func scriptThatDoesNotWorkAnywhereIsTheLastResort() {
        var bench = Bench(1, 2)
        _ = bench.handover.begin()
        _ = bench.rejected(0, .unusable)
        #expect(bench.handover.needsOther)
        _ = bench.on(.successor(.claimed(slot: 1, generation: 2)))
        _ = bench.rejected(1, .unusable)
        #expect(bench.on(.successor(.none)) == .claim(preferred: 1))
        #expect(bench.handover.takePermission() == .lastResort)
        // Those in which it does not work stay marked.
        #expect(bench.handover.hasRejected(1, at: 0))
    }

    @Test func oldCodeIsPreferredToCodeThatDoesNotWork() {
        var bench = Bench(1, 2)
        _ = bench.handover.begin()
        _ = bench.rejected(0)
        #expect(!bench.handover.needsOther)
        _ = bench.on(.successor(.claimed(slot: 1, generation: 2)))
        _ = bench.rejected(1, .unusable)
        #expect(bench.on(.successor(.none)) == .claim(preferred: 0))
        #expect(bench.handover.takePermission() == .stale)
    }

    @Test func generationsOfTheFirstRejectionCount() {
        var bench = Bench(1, 2)
        _ = bench.handover.begin()
        _ = bench.rejected(0)
        bench.present = [3, 4]
        _ = bench.on(.successor(.claimed(slot: 1, generation: 4)))
        // Slot 1 had generation 2 when the request was rejected first.
        #expect(bench.handover.takePermission() == .reloaded)
        _ = bench.rejected(1)
        _ = bench.on(.successor(.claimed(slot: 0, generation: 3)))
        #expect(bench.handover.takePermission() == .reloaded)
    }

    @Test func repeatedRejectionsEndWith503() {
        var bench = Bench(1)
        var step = bench.handover.begin()
        var attempts = 0
        for generation in 1...100 as ClosedRange<UInt32> where step != .giveUp {
            attempts += 1
            bench.present = [generation]
            #expect(bench.rejected(0) == .awaitSuccessor)
            step = bench.on(.successor(.ready))
        }
        #expect(step == .giveUp && attempts == 2 * 1 + 8)
    }
}
