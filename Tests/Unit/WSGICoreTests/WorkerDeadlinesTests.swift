import Testing
import WSGICore

/// A worker with a clock of its own.
private struct Bench {
    var deadlines: WorkerDeadlines
    var facts = WorkerDeadlines.Facts()

    init(_ set: (inout WorkerDeadlines.Limits) -> Void) {
        var limits = WorkerDeadlines.Limits()
        set(&limits)
        deadlines = WorkerDeadlines(limits)
    }

    mutating func at(_ now: Int64) -> [WorkerDeadlines.Action] { deadlines.check(facts, at: now) }
}

private let first = WorkerDeadlines.Request(thread: 0, started: 1_000)
private let second = WorkerDeadlines.Request(thread: 1, started: 4_000)

struct WorkerDeadlinesTests {
    @Test func withoutLimitsThereIsNothingToDo() {
        #expect(WorkerDeadlines.Limits().isEmpty)
        var bench = Bench { _ in }
        bench.facts.requests = [first]
        bench.facts.lastActivity = 1
        bench.facts.loadingSince = 1
        bench.facts.memory = .max
        #expect(bench.at(1_000_000_000) == [])
    }

    @Test func interruptTimeoutAloneIsNoLimit() {
        var limits = WorkerDeadlines.Limits()
        limits.interrupt = 5
        #expect(limits.isEmpty)
        limits.request = 5
        #expect(!limits.isEmpty)
    }

    @Test func lateRequestIsCutAndNobodyElse() {
        var bench = Bench { $0.request = 5_000 }
        bench.facts.requests = [first, second]
        #expect(bench.at(5_500) == [])
        #expect(bench.deadlines.nextCheck == 6_000)
        #expect(bench.at(6_000) == [.cut(first, .requestTimeout), .retire(.requestTimeout)])
        bench.facts.requests[0].isCut = true
        #expect(bench.at(6_100) == [])
        #expect(bench.at(9_000) == [.cut(second, .requestTimeout), .retire(.requestTimeout)])
        bench.facts.requests = []
        #expect(bench.at(9_000 + WorkerDeadlines.patience) == [.retire(.requestTimeout)], "the thread is lost to httpd")
    }

    @Test func lateRequestIsInterruptedOnceBeforeItIsCut() {
        var bench = Bench {
            $0.request = 5_000
            $0.interrupt = 2_000
        }
        bench.facts.requests = [first]
        #expect(bench.at(6_200) == [.interrupt(first)])
        #expect(bench.deadlines.nextCheck == 7_200)
        #expect(bench.at(7_200) == [])
        #expect(bench.deadlines.nextCheck == 8_200, "the grace counts from the interruption")
        #expect(bench.at(8_200) == [.cut(first, .requestTimeout), .retire(.requestTimeout)])
    }

    @Test func interruptionCountsForOneRequestOnly() {
        var bench = Bench {
            $0.request = 5_000
            $0.interrupt = 2_000
        }
        bench.facts.requests = [first]
        #expect(bench.at(6_000) == [.interrupt(first)])
        let next = WorkerDeadlines.Request(thread: 0, started: 6_500)
        bench.facts.requests = [next]
        #expect(bench.at(8_500) == [])
        #expect(bench.at(11_500) == [.interrupt(next)])
    }

    @Test func idleWorkerIsReplacedOnceItHasServed() {
        var bench = Bench { $0.inactivity = 3_000 }
        #expect(bench.at(1_000_000) == [], "a worker that was never used is as good as its successor")
        bench.facts.lastActivity = 1_000_000
        #expect(bench.at(1_002_500) == [])
        #expect(bench.deadlines.nextCheck == 1_003_000)
        bench.facts.requests = [first]
        #expect(bench.at(1_003_500) == [], "a request runs, even if it does not count")
        bench.facts.requests = []
        #expect(bench.at(1_003_600) == [.retire(.inactivityTimeout)])
        #expect(bench.at(1_004_600) == [], "the successor is on its way")
        #expect(bench.at(1_003_600 + WorkerDeadlines.patience) == [.retire(.inactivityTimeout)])
    }

    @Test func workerThatLoadsNothingIsUseless() {
        var bench = Bench { $0.startup = 2_000 }
        bench.facts.requests = [first]
        bench.facts.loadingSince = 1_000
        #expect(bench.at(2_999) == [])
        #expect(bench.at(3_000) == [.cut(first, .startupTimeout), .retire(.startupTimeout)])
        bench.facts.loadingSince = 0
        #expect(bench.at(3_500) == [], "it has loaded one after all")
    }

    @Test func lockIsProbedWhileRequestsRun() {
        var bench = Bench { $0.deadlock = 10_000 }
        #expect(bench.at(10_000) == [])
        bench.facts.requests = [first]
        #expect(bench.at(11_000) == [.probe])
        #expect(bench.at(11_400) == [], "once a second is enough")
        #expect(bench.at(12_000) == [.probe])
        bench.facts.probingSince = 12_000
        #expect(bench.at(21_900) == [])
        #expect(bench.deadlines.nextCheck == 22_000)
        #expect(bench.at(22_000) == [.cut(first, .deadlockTimeout), .retire(.deadlockTimeout)])
    }

    @Test func memoryIsLookedAtOnceItHasServed() {
        var bench = Bench { $0.memory = 1_000 }
        #expect(bench.deadlines.needsMemory)
        bench.facts.memory = 1_001
        #expect(bench.at(5_000) == [], "its successor would need as much")
        bench.facts.lastActivity = 4_000
        #expect(bench.at(6_000) == [])
        #expect(bench.at(7_000) == [])
        #expect(bench.at(8_000) == [.retire(.maximumMemory)])
        #expect(bench.at(9_000) == [], "it has asked for a successor")
        bench.facts.memory = 1_000
        #expect(bench.at(100_000) == [])
    }

    @Test func memoryIsJudgedBySamplesInARow() {
        var bench = Bench { $0.memory = 1_000 }
        bench.facts.lastActivity = 1
        for now in [1_000, 2_000, 3_000, 4_000, 5_000, 6_000] as [Int64] {
            bench.facts.memory = now == 3_000 || now == 6_000 ? 1_000 : 1_001
            #expect(bench.at(now) == [])
        }
        bench.facts.memory = 1_001
        for now in stride(from: 7_000, to: 9_000, by: 100) as StrideTo<Int64> {
            #expect(bench.at(now) == [], "checks for other reasons are not samples")
        }
        #expect(bench.at(9_000) == [.retire(.maximumMemory)])
        #expect(bench.at(9_000 + WorkerDeadlines.patience) == [.retire(.maximumMemory)])
    }

    @Test func eachLimitHoldsWithoutTheOthers() {
        for limit in [\WorkerDeadlines.Limits.request, \.startup, \.inactivity, \.deadlock, \.memory] {
            var limits = WorkerDeadlines.Limits()
            limits[keyPath: limit] = 1
            #expect(!limits.isEmpty)
        }
    }
}
