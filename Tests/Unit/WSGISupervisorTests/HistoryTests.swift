import Testing

@testable import WSGISupervisor

struct HistoryTests {
    @Test func pointIsTheMeanOfItsSamples() {
        var history = History()
        for second in 0..<Int64(20) {
            history.add(busy: second < 10 ? 1 : 4, threads: 4, waiting: second == 3 ? 7 : 0, at: second)
        }
        history.add(busy: 0, threads: 4, waiting: 0, at: 20)
        #expect(history.saturation == [25, 100])
        #expect(history.longestQueues == [7, 0])
    }

    @Test func thereAreNoMorePointsThanForAQuarterOfAnHour() {
        var history = History()
        for second in 0..<Int64(5_000) { history.add(busy: 1, threads: 1, waiting: 0, at: second) }
        #expect(history.saturation.count == History.most)
    }

    @Test func timeWithoutSamplesIsEmpty() {
        var history = History()
        history.add(busy: 1, threads: 1, waiting: 0, at: 0)
        history.add(busy: 1, threads: 1, waiting: 0, at: 35)
        history.add(busy: 1, threads: 1, waiting: 0, at: 1_000_000)
        #expect(history.saturation.prefix(3) == [0, 0, 0] || history.saturation.count == History.most)
        #expect(history.saturation.count == History.most)
    }

    @Test func groupWithoutThreadsIsNotBusy() {
        var history = History()
        history.add(busy: 0, threads: 0, waiting: 3, at: 0)
        history.add(busy: 0, threads: 0, waiting: 0, at: 10)
        #expect(history.saturation == [0])
        #expect(history.longestQueues == [3])
    }
}
