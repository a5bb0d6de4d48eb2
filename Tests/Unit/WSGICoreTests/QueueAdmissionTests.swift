import Testing
import WSGICore

/// Two processes of four threads; 100 requests wait without question, 15 s are in time.
private let rules = QueueAdmission.Rules(threads: 8, backlog: 100, patience: 15_000, share: 47, most: 1_000)

/// A queue that has stood for `age` milliseconds, at so many requests a second.
private func queue(
    length: Int, age: Int = 4_000, rate: Int = 200, left: Int = 0, leaving: Int? = nil, slowFor: Int = 0,
    isOverload: Bool = false
) -> QueueAdmission.Facts {
    var facts = QueueAdmission.Facts()
    facts.length = length
    facts.age = age
    facts.period = age
    facts.served = rate * age / 1_000
    facts.left = left
    facts.leaving = leaving ?? left
    facts.slowFor = slowFor
    facts.isOverload = isOverload
    return facts
}

struct QueueAdmissionTests {
    @Test func burstOnAnIdleGroupIsNeverRefused() {
        for length in [0, 99, 100, 1_000, 8_000] {
            let decision = QueueAdmission(queue(length: length, age: 0, rate: 0), rules)
            #expect(!decision.isRejected && decision.wait == nil && !decision.isOverload)
        }
        // Nor while its first requests run, however long they take.
        #expect(!QueueAdmission(queue(length: 1_000, age: 14_000, rate: 0), rules).isRejected)
    }

    @Test func requestThatIsServedInTimeWaits() {
        let decision = QueueAdmission(queue(length: 2_900, rate: 200), rules)
        #expect(decision.wait == 14_505)
        #expect(!decision.isRejected)
    }

    @Test func requestThatWouldBeLateIsRefusedWithItsWait() {
        let decision = QueueAdmission(queue(length: 3_999, rate: 200), rules)
        #expect(decision.wait == 20_000)
        #expect(decision.isRejected && !decision.isOverload)
    }

    @Test func shortQueueIsNeverRefused() {
        var slow = rules
        slow.threads = 1
        #expect(QueueAdmission(queue(length: 99, age: 9_000, rate: 1), slow).wait == 100_000)
        #expect(!QueueAdmission(queue(length: 99, age: 9_000, rate: 1), slow).isRejected)
        #expect(QueueAdmission(queue(length: 100, age: 9_000, rate: 1), slow).isRejected)
    }

    @Test func groupThatServesNobodyAtAllIsLate() {
        let decision = QueueAdmission(queue(length: 100, age: 15_001, rate: 0), rules)
        #expect(decision.isRejected)
    }

    @Test func clientsThatLeaveMakeItOverload() {
        #expect(!QueueAdmission(queue(length: 60, age: 900, left: 100), rules).isOverload)
        #expect(!QueueAdmission(queue(length: 60, age: 1_000, left: 2), rules).isOverload)
        #expect(!QueueAdmission(queue(length: 60, age: 1_000, left: 10), rules).isOverload)
        // A crowd has left together.
        #expect(!QueueAdmission(queue(length: 60, age: 1_000, left: 1_000, leaving: 6), rules).isOverload)
        let decision = QueueAdmission(queue(length: 60, age: 1_000, left: 11), rules)
        #expect(decision.isOverload && decision.isRejected)
        #expect(!QueueAdmission(queue(length: 46, age: 1_000, left: 11), rules).isRejected)
    }

    @Test func longWaitMakesItOverload() {
        let facts = queue(length: 1_100, slowFor: 4_999)
        #expect(QueueAdmission(facts, rules).isSlow && !QueueAdmission(facts, rules).isOverload)
        #expect(QueueAdmission(queue(length: 1_100, slowFor: 5_000), rules).isOverload)
        #expect(!QueueAdmission(queue(length: 900, slowFor: 5_000), rules).isOverload)
    }

    @Test func overloadLastsAndKeepsThreadsBusy() {
        let limits: [(QueueAdmission.Rules, rate: Int, limit: Int)] = [
            (rules, 200, 47),
            (.init(threads: 8, backlog: 100, patience: 15_000, share: 200, most: 1_000), 200, 100),
            (.init(threads: 8, backlog: 500, patience: 15_000, share: 400, most: 1_000), 200, 200),
            (.init(threads: 8, backlog: 100, patience: 15_000, share: 200, most: 1_000), 2, 8),
            (.init(threads: 40, backlog: 100, patience: 15_000, share: 0, most: 1_000), 200, 1),
        ]
        for (rules, rate, limit) in limits {
            #expect(!QueueAdmission(queue(length: limit - 1, rate: rate, isOverload: true), rules).isRejected)
            #expect(QueueAdmission(queue(length: limit, rate: rate, isOverload: true), rules).isRejected)
        }
    }

    @Test func aQueueThatDoesNotMoveLeavesRoomForTheRest() {
        let rules = QueueAdmission.Rules(threads: 5, backlog: 100, patience: 15_000, httpdThreads: 150, occupied: 0)
        #expect(rules.share == 48 && rules.most == 130)
        var stuck = QueueAdmission.Facts()
        (stuck.length, stuck.age, stuck.period, stuck.served) = (130, 15_000, 10_000, 0)
        #expect(QueueAdmission(stuck, rules).isRejected)
        #expect(QueueAdmission.mustLeave(behind: 130, stuck, rules))
        #expect(!QueueAdmission.mustLeave(behind: 129, stuck, rules))
        // Threads that its requests occupy elsewhere leave fewer for its queue.
        let fewer = QueueAdmission.Rules(threads: 5, backlog: 100, patience: 15_000, httpdThreads: 150, occupied: 50)
        #expect(fewer.share == 31 && fewer.most == 80)
        #expect(
            QueueAdmission.mustLeave(behind: 80, stuck, fewer) && !QueueAdmission.mustLeave(behind: 79, stuck, fewer))
        stuck.age = 14_999
        #expect(!QueueAdmission.mustLeave(behind: 130, stuck, rules))
        (stuck.age, stuck.served) = (15_000, 100)
        #expect(!QueueAdmission.mustLeave(behind: 130, stuck, rules))
    }
}
