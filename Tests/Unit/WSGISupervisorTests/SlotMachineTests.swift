import Testing
import WSGICore

@testable import WSGISupervisor

/// A slot with a clock of its own: what happens and what is to be done, without processes.
private struct Bench {
    static let timeouts = SlotMachine.Timeouts(graceful: 15, shutdown: 5)
    var slot = SlotMachine(after: 0, timeouts: timeouts)
    var now: Int64 = 1_000_000

    mutating func on(_ event: SlotMachine.Event, after milliseconds: Int64 = 1) -> [SlotMachine.Action] {
        now += milliseconds
        let actions = slot.handle(event, at: now)
        guard slot.wanted != nil else { return actions }
        // The group's only slot has its turn at once.
        return actions + slot.handle(.turn, at: now)
    }

    /// A slot in which generation 1 serves.
    static func serving() -> Bench {
        var bench = Bench()
        _ = bench.on(.configured(.definition))
        _ = bench.on(.ready(generation: 1))
        return bench
    }

    /// A slot in which `generation` serves, and its successor starts for this reason.
    static func replacing(_ event: SlotMachine.Event) -> Bench {
        var bench = serving()
        _ = bench.on(event)
        return bench
    }
}

private let plain = SlotMachine.Event.configured(.none)

struct SlotMachineTests {
    @Test func firstConfigurationStartsAWorker() {
        var bench = Bench()
        #expect(bench.on(.configured(.definition)) == [.start(generation: 1, .first, hasPredecessor: false)])
        #expect(bench.on(.ready(generation: 1)) == [.publish(generation: 1), .serve(generation: 1)])
        #expect(bench.slot.phase == .ready(SlotMachine.Serving(generation: 1, since: bench.now)))
        #expect(bench.slot.deadline == nil)
    }

    @Test func generationsGoOnAboveTheScoreboards() {
        var slot = SlotMachine(after: 41, timeouts: SlotMachine.Timeouts(graceful: 1, shutdown: 1))
        #expect(slot.handleAtOnce(plain, at: 0) == [.start(generation: 42, .first, hasPredecessor: false)])
        #expect(slot.lastGeneration == 42)
    }

    @Test func generationIsNeverZero() {
        var slot = SlotMachine(after: .max, timeouts: SlotMachine.Timeouts(graceful: 1, shutdown: 1))
        #expect(slot.handleAtOnce(plain, at: 0) == [.start(generation: 1, .first, hasPredecessor: false)])
    }

    @Test func successorIsReadyBeforeThePredecessorGoes() {
        var bench = Bench.serving()
        let cause = SlotMachine.Cause.retired(.maximumRequests, "age")
        #expect(
            bench.on(.retire(generation: 1, .maximumRequests, "age")) == [
                .start(generation: 2, cause, hasPredecessor: true)
            ])
        #expect(
            bench.on(.ready(generation: 2)) == [
                .drain(generation: 1, requests: 15, total: 20, because: .maximumRequests), .publish(generation: 2),
                .serve(generation: 2),
            ])
        #expect(bench.slot.leaving == [SlotMachine.Leaving(generation: 1, killAt: bench.now + 21_000)])
        #expect(bench.on(.ended(generation: 1)) == [])
        #expect(bench.slot.leaving == [])
    }

    @Test func onlyOneStartIsInFlight() {
        var bench = Bench.replacing(.retire(generation: 1, .maximumRequests, "age"))
        #expect(bench.on(.retire(generation: 1, .maximumRequests, "age")) == [])
        #expect(bench.on(.retire(generation: 2, .maximumRequests, "not yet serving")) == [])
        #expect(bench.on(plain) == [])
    }

    @Test func aConfigurationDuringAStartIsFollowedByAnother() {
        var bench = Bench.replacing(plain)
        #expect(bench.on(.configured(.definition)) == [])
        #expect(bench.on(plain) == [], "a changed configuration stays one")
        let actions = bench.on(.ready(generation: 2))
        #expect(actions.prefix(3).last == .serve(generation: 2), "even an outdated one takes over")
        #expect(actions.last == .start(generation: 3, .configuration(.definition), hasPredecessor: true))
    }

    @Test func aConfigurationDuringTheFirstStartIsFollowedByAnother() {
        var bench = Bench()
        _ = bench.on(.configured(.definition))
        #expect(bench.on(plain) == [])
        #expect(
            bench.on(.ready(generation: 1)) == [
                .publish(generation: 1), .serve(generation: 1),
                .start(generation: 2, .configuration(.none), hasPredecessor: true),
            ])
    }

    @Test func aStartThatHangsGivesWayToANewerConfiguration() {
        var bench = Bench.replacing(plain)
        #expect(bench.on(plain, after: SlotMachine.patience) == [])
        #expect(bench.on(plain) == [.kill(generation: 2)])
        let cause = SlotMachine.Cause.configuration(.none)
        #expect(bench.on(.ended(generation: 2)) == [.start(generation: 3, cause, hasPredecessor: true)])
    }

    @Test func deadWorkerIsReplacedAtOnce() {
        var bench = Bench.serving()
        #expect(
            bench.on(.ended(generation: 1), after: 60_000) == [
                .withdraw, .start(generation: 2, .ended, hasPredecessor: false),
            ])
        #expect(bench.slot.phase == .starting(SlotMachine.Launch(generation: 2, cause: .ended, since: bench.now)))
    }

    @Test func startsThatFailBackOff() {
        var bench = Bench()
        _ = bench.on(.configured(.definition))
        #expect(bench.on(.ended(generation: 1)) == [.start(generation: 2, .ended, hasPredecessor: false)])
        var generation: UInt32 = 2
        for (index, delay) in [1, 2, 4, 8, 16, 30, 30].enumerated() {
            let milliseconds = Int64(delay) * 1_000
            #expect(
                bench.on(.ended(generation: generation)) == [
                    .delayed(milliseconds: milliseconds, failures: index + 2, starts: true)
                ])
            #expect(bench.slot.deadline == bench.now + milliseconds)
            #expect(bench.on(.tick, after: milliseconds - 1) == [])
            generation += 1
            #expect(bench.on(.tick) == [.start(generation: generation, .ended, hasPredecessor: false)])
        }
    }

    @Test func workersThatDieBeforeTheyServeBackOff() {
        var bench = Bench.serving()
        #expect(
            bench.on(.ended(generation: 1), after: 100).last == .start(generation: 2, .ended, hasPredecessor: false))
        _ = bench.on(.ready(generation: 2))
        #expect(
            bench.on(.ended(generation: 2), after: 100) == [
                .withdraw, .delayed(milliseconds: 1_000, failures: 2, starts: false),
            ])
    }

    /// One URL that crashes the process must not take the others with it.
    @Test func crashesOfCodeThatHasServedAreNoFailedStarts() {
        var bench = Bench.serving()
        _ = bench.on(.served(generation: 1))
        _ = bench.on(.ended(generation: 1), after: 5)
        _ = bench.on(.ready(generation: 2))
        _ = bench.on(.ended(generation: 2), after: 5)
        #expect(!bench.slot.isFailing, "the former process has served; this one ended before it could")
        _ = bench.on(.ended(generation: 3), after: 5)
        #expect(bench.slot.isFailing, "a start failed")
        _ = bench.on(.tick, after: 2_000)
        _ = bench.on(.ready(generation: 4))
        _ = bench.on(.ended(generation: 4), after: 5)
        #expect(bench.slot.isFailing, "nothing has served since then")
    }

    @Test func workersThatSayTheyHaveServedBackOffForASecondAtMost() {
        var bench = Bench.serving()
        var generation: UInt32 = 1
        for (index, delay) in [0, 0, 0, 100, 200, 400, 800, 1_000, 1_000].enumerated() {
            let milliseconds = Int64(delay)
            _ = bench.on(.served(generation: generation))
            var actions = bench.on(.ended(generation: generation), after: 100)
            if milliseconds > 0 {
                #expect(
                    actions == [
                        .withdraw, .delayed(milliseconds: milliseconds, failures: index + 1, starts: false),
                    ])
                #expect(bench.on(.tick, after: milliseconds - 1) == [])
                actions = bench.on(.tick)
            }
            generation += 1
            #expect(actions.last == .start(generation: generation, .ended, hasPredecessor: false))
            _ = bench.on(.ready(generation: generation))
        }
    }

    @Test func workersThatSayThatTheyAreUselessAtOnceBackOff() {
        var bench = Bench.serving()
        _ = bench.on(.retire(generation: 1, .deadlockTimeout, "x"))
        _ = bench.on(.ready(generation: 2))
        #expect(
            bench.on(.retire(generation: 2, .deadlockTimeout, "x")).last
                == .delayed(milliseconds: 1_000, failures: 2, starts: false))
    }

    @Test func workersThatServedForAWhileDoNot() {
        var bench = Bench.serving()
        for generation in UInt32(1)...5 {
            let actions = bench.on(.ended(generation: generation), after: BackOff.stableAfter)
            #expect(actions.last == .start(generation: generation + 1, .ended, hasPredecessor: false))
            _ = bench.on(.ready(generation: generation + 1))
        }
    }

    @Test func newConfigurationEndsTheBackOff() {
        var bench = Bench()
        _ = bench.on(.configured(.definition))
        _ = bench.on(.ended(generation: 1))
        _ = bench.on(.ended(generation: 2))
        #expect(bench.on(plain) == [.start(generation: 3, .configuration(.none), hasPredecessor: false)])
        #expect(bench.slot.failures == 0)
    }

    @Test func refusedSuccessorLeavesThePredecessorServing() {
        var bench = Bench.serving()
        for count in 1...3 {
            _ = bench.on(.retire(generation: 1, .maximumRequests, "change"))
            let generation = UInt32(count + 1)
            #expect(
                bench.on(.ended(generation: generation)) == [
                    .replacementFailed(.retired(.maximumRequests, "change"), count: count)
                ])
            #expect(bench.slot.deadline == nil, "the next try needs a trigger")
        }
        _ = bench.on(.retire(generation: 1, .maximumRequests, "change"))
        _ = bench.on(.ready(generation: 5))
        #expect(bench.slot.failedReplacements == 0)
    }

    @Test(arguments: [SlotMachine.Change.none, .definition]) func groupGoesOnWhenItsSuccessorFails(
        change: SlotMachine.Change
    ) {
        var bench = Bench.serving()
        #expect(
            bench.on(.configured(change)) == [.start(generation: 2, .configuration(change), hasPredecessor: true)])
        #expect(bench.on(.ended(generation: 2)) == [.replacementFailed(.configuration(change), count: 1)])
        #expect(bench.slot.serving == 1)
    }

    @Test func groupWithOtherRightsDoesNot() {
        var bench = Bench.serving()
        let cause = SlotMachine.Cause.configuration(.rights)
        #expect(bench.on(.configured(.rights)) == [.start(generation: 2, cause, hasPredecessor: false)])
        #expect(
            bench.on(.ended(generation: 2)) == [
                .withdraw, .drain(generation: 1, requests: 15, total: 20),
                .start(generation: 3, .ended, hasPredecessor: false),
            ])
        #expect(bench.slot.leaving.map(\.generation) == [1])
    }

    @Test func configurationAfterAFailedSuccessorIsTriedNext() {
        var bench = Bench.replacing(plain)
        _ = bench.on(plain)
        #expect(
            bench.on(.ended(generation: 2)) == [
                .start(generation: 3, .configuration(.none), hasPredecessor: true)
            ])
    }

    @Test func predecessorThatDiesLeavesTheStartInFlight() {
        var bench = Bench.replacing(plain)
        #expect(bench.on(.ended(generation: 1)) == [.withdraw])
        #expect(bench.on(.ready(generation: 2)) == [.publish(generation: 2), .serve(generation: 2)])
    }

    @Test func successorWithoutPredecessorIsTriedAgain() {
        var bench = Bench.replacing(plain)
        _ = bench.on(.ended(generation: 1))
        #expect(bench.on(.ended(generation: 2)) == [.start(generation: 3, .ended, hasPredecessor: false)])
    }

    @Test func drainedWorkerIsKilledWhenItsTimeIsOver() {
        var bench = Bench.replacing(plain)
        _ = bench.on(.ready(generation: 2))
        #expect(bench.on(.tick, after: 20_999) == [])
        #expect(bench.on(.tick) == [.kill(generation: 1)])
        #expect(bench.on(.tick) == [], "once is enough for a while")
        #expect(bench.on(.tick, after: 5_000) == [.kill(generation: 1)])
        _ = bench.on(.ended(generation: 1))
        #expect(bench.slot.deadline == nil)
    }

    @Test func removedSlotDrainsGracefully() {
        var bench = Bench.serving()
        #expect(bench.on(.removed) == [.withdraw, .drain(generation: 1, requests: 15, total: 20)])
        #expect(!bench.slot.isFinished)
        #expect(bench.on(.retire(generation: 1, .maximumRequests, "late")) == [])
        _ = bench.on(.ended(generation: 1))
        #expect(bench.slot.isFinished)
    }

    @Test func stopEndsWithinTheShutdownTimeout() {
        var bench = Bench.replacing(plain)
        #expect(
            bench.on(.stop) == [
                .withdraw, .drain(generation: 1, requests: 5, total: 5), .drain(generation: 2, requests: 0, total: 0),
            ])
        #expect(bench.slot.deadline == bench.now + 1_000)
        #expect(bench.on(.ready(generation: 2)) == [], "too late")
        #expect(bench.on(.tick, after: 1_000) == [.kill(generation: 2)])
        _ = bench.on(.ended(generation: 2))
        #expect(bench.on(.tick, after: 5_000) == [.kill(generation: 1)])
        _ = bench.on(.ended(generation: 1))
        #expect(bench.slot.isFinished)
    }

    @Test func stopShortensTheTimeOfThoseThatLeave() {
        var bench = Bench.replacing(plain)
        _ = bench.on(.ready(generation: 2))
        let actions = bench.on(.stop)
        #expect(actions.first == .drain(generation: 1, requests: 5, total: 5))
        #expect(bench.slot.leaving.allSatisfy { $0.killAt == bench.now + 6_000 })
        #expect(bench.on(.stop) == [], "a second one changes nothing")
    }

    @Test func stopEndsAStart() {
        var bench = Bench()
        _ = bench.on(plain)
        #expect(bench.on(.stop) == [.drain(generation: 1, requests: 0, total: 0)])
        _ = bench.on(.ended(generation: 1))
        #expect(bench.slot.isFinished)
    }

    @Test func stopEndsTheBackOff() {
        var bench = Bench()
        _ = bench.on(plain)
        _ = bench.on(.ended(generation: 1))
        _ = bench.on(.ended(generation: 2))
        #expect(bench.on(.stop) == [])
        #expect(bench.slot.isFinished && bench.slot.deadline == nil)
    }

    @Test func configurationAfterStopStartsAgain() {
        var bench = Bench.serving()
        _ = bench.on(.stop)
        #expect(bench.on(plain) == [.start(generation: 2, .first, hasPredecessor: false)])
        #expect(bench.slot.leaving.map(\.generation) == [1], "the old one still drains")
    }

    @Test func strangersChangeNothing() {
        var bench = Bench.serving()
        let before = bench.slot.phase
        #expect(bench.on(.ready(generation: 9)) == [])
        #expect(bench.on(.ended(generation: 9)) == [])
        #expect(bench.on(.retire(generation: 9, .maximumRequests, "")) == [])
        #expect(bench.slot.phase == before)
    }

    /// Whatever happens in whatever order: one start in flight, no generation twice, the published one is alive.
    @Test(arguments: 0..<75) func invariantsHold(seed: Int) {
        var random = Generator(state: UInt64(seed) &* 0x9E37_79B9_7F4A_7C15 | 1)
        var bench = Bench()
        (bench.slot.timeouts.startup, bench.slot.timeouts.restartInterval) = (20, 60)
        if seed >= 50 { bench.slot.replacement = .stopFirst }
        var alive: Set<UInt32> = []
        var used: Set<UInt32> = []
        var published: UInt32 = 0
        for _ in 0..<400 {
            let someone = alive.randomElement(using: &random) ?? 1
            let events: [SlotMachine.Event] = [
                plain, .configured(.definition), .configured(.rights), .ready(generation: someone),
                .ready(generation: someone),
                .ended(generation: someone), .retire(generation: someone, .maximumRequests, "random"),
                .retire(generation: someone, .deadlockTimeout, "random"), .tick, .removed, .stop,
                .changed(generation: someone, isAwaited: true), .turn, .pointless, .repaired,
            ]
            let event = events.randomElement(using: &random) ?? .tick
            if case .ended(let generation) = event, alive.remove(generation) == nil { continue }
            for action in bench.on(event, after: Int64.random(in: 0..<9_000, using: &random)) {
                switch action {
                case .start(let generation, _, let hasPredecessor):
                    #expect(used.insert(generation).inserted)
                    #expect(!hasPredecessor || published != 0)
                    #expect(seed < 50 || alive.isEmpty, "two never run at a time")
                    alive.insert(generation)
                case .publish(let generation):
                    #expect(alive.contains(generation))
                    published = generation
                case .withdraw: published = 0
                case .kill(let generation): #expect(generation != published)
                case .drain(let generation, _, _, _): #expect(alive.contains(generation))
                case .serve, .replacementFailed, .delayed: break
                }
            }
            #expect(published == 0 || alive.contains(published))
            let serves: Bool
            switch bench.slot.phase {
            case .ready, .replacing: serves = true
            case .empty, .waiting, .starting, .yielding, .backingOff, .stopping: serves = false
            }
            #expect(serves == (published != 0))
        }
    }
}

/// Numbers that are the same in every run (xorshift).
private struct Generator: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return state
    }
}

/// What a slot does by itself when time has passed, and when a worker is of no use any more.
struct SlotDeadlineTests {
    @Test func workerThatIsNotReadyInTimeIsKilledOnce() {
        var bench = Bench()
        bench.slot.timeouts.startup = 3
        _ = bench.on(.configured(.definition))
        #expect(bench.slot.deadline == bench.now + 3_000)
        #expect(bench.on(.tick, after: 2_999) == [])
        #expect(bench.on(.tick) == [.kill(generation: 1)])
        #expect(bench.slot.deadline == nil)
        #expect(bench.on(.tick, after: 60_000) == [])
        #expect(bench.on(.ended(generation: 1)) == [.start(generation: 2, .ended, hasPredecessor: false)])
    }

    @Test func successorThatIsNotReadyInTimeIsKilledAndThePredecessorStays() {
        var bench = Bench.replacing(plain)
        bench.slot.timeouts.startup = 3
        #expect(bench.on(.tick, after: 3_000) == [.kill(generation: 2)])
        #expect(bench.on(.ended(generation: 2)) == [.replacementFailed(.configuration(.none), count: 1)])
        #expect(bench.slot.phase == .ready(SlotMachine.Serving(generation: 1, since: 1_000_002)))
    }

    @Test func oldWorkerIsReplaced() {
        var bench = Bench()
        bench.slot.timeouts.restartInterval = 60
        _ = bench.on(.configured(.definition))
        _ = bench.on(.ready(generation: 1))
        #expect(bench.slot.deadline == bench.now + 60_000)
        #expect(bench.on(.tick, after: 59_999) == [])
        let cause = SlotMachine.Cause.retired(.restartInterval, "it has served for 60 s")
        #expect(bench.on(.tick) == [.start(generation: 2, cause, hasPredecessor: true)])
        #expect(bench.on(.ended(generation: 2)) == [.replacementFailed(cause, count: 1)])
        #expect(bench.slot.deadline == bench.now + 60_000, "the next attempt is an interval later")
    }

    @Test func evictionHasATimeoutOfItsOwn() {
        var bench = Bench.replacing(.retire(generation: 1, .evictionSignal, "a signal"))
        bench.slot.timeouts.eviction = 40
        #expect(
            bench.on(.ready(generation: 2)).first
                == .drain(generation: 1, requests: 40, total: 45, because: .evictionSignal))
        bench = Bench.replacing(.retire(generation: 1, .evictionSignal, "a signal"))
        #expect(
            bench.on(.ready(generation: 2)).first
                == .drain(generation: 1, requests: 15, total: 20, because: .evictionSignal))
        bench = Bench.replacing(.retire(generation: 1, .gracefulSignal, "a signal"))
        bench.slot.timeouts.eviction = 40
        #expect(
            bench.on(.ready(generation: 2)).first
                == .drain(generation: 1, requests: 15, total: 20, because: .gracefulSignal))
    }

    @Test func uselessWorkerIsNotWaitedFor() {
        var bench = Bench.serving()
        #expect(
            bench.on(.retire(generation: 1, .deadlockTimeout, "stuck")) == [
                .withdraw, .drain(generation: 1, requests: 0, total: 0, because: .deadlockTimeout),
                .start(generation: 2, .ended, hasPredecessor: false),
            ])
        #expect(bench.on(.tick, after: 1_000) == [.kill(generation: 1)])
        #expect(bench.on(.ended(generation: 1)) == [])
        #expect(bench.on(.ready(generation: 2)) == [.publish(generation: 2), .serve(generation: 2)])
    }

    @Test func uselessWorkerGoesWhileItsSuccessorStarts() {
        var bench = Bench.replacing(plain)
        #expect(
            bench.on(.retire(generation: 1, .startupTimeout, "stuck")) == [
                .withdraw, .drain(generation: 1, requests: 0, total: 0, because: .startupTimeout),
            ])
        #expect(bench.on(.ready(generation: 2)) == [.publish(generation: 2), .serve(generation: 2)])
    }
}
