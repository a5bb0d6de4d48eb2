import ProcessKit
import Testing

struct SmallPartsTests {
    @Test func logLineLooksLikeHttpds() throws {
        let line = LogLine.format(level: 3, text: "WSGI0028: text", process: 123, microseconds: 1_763_702_742_123_456)
        let pattern =
            /\[[A-Z][a-z]{2} Nov 2[01] \d\d:\d\d:42\.123456 2025\] \[wsgi:error\] \[pid 123\] WSGI0028: text\n/
        #expect(line.wholeMatch(of: pattern) != nil, "\(line)")
        #expect(LogLine.format(level: 6, text: "", process: 1).contains("[wsgi:info]"))
        #expect(LogLine.format(level: 99, text: "", process: 1).contains("[wsgi:trace1]"))
    }

    @Test func reasonsAreWords() {
        #expect(SystemError("open", 2).description == "open: No such file or directory")
    }

    @Test func pollerReportsOnce() throws {
        let poller = try Poller()
        let pair = try PacketSocket.pair()
        try poller.add(pair.ours.raw, [.readable, .writable, .once], token: 7)
        guard case .ready(let token, let what) = poller.wait(milliseconds: 1_000) else {
            Issue.record("no event")
            return
        }
        #expect(token == 7 && what.contains(.writable))
        guard case .timeout = poller.wait(milliseconds: 0) else {
            Issue.record("a second event")
            return
        }
        let armed = poller.change(pair.ours.raw, [.writable, .once], token: 8)
        #expect(armed)
        guard case .ready(token: 8, _) = poller.wait(milliseconds: 1_000) else {
            Issue.record("not armed")
            return
        }
        poller.remove(pair.ours.raw)
        let changed = poller.change(pair.ours.raw, .readable, token: 9)
        #expect(!changed)
    }
}
