import CSystem
import Glibc
import ProcessKit
import Synchronization
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

    @Test func whatOthersSayIsOneLineWithoutControlCharacters() {
        #expect(LogLine.escaped("a\nb\r\t\u{1b}[31m\u{0}\u{7f}\u{9b}x") == "a\\nb\\r\\t\\x1b[31m\\x00\\x7f\\x9bx")
        #expect(LogLine.escaped("C:\\d ü") == "C:\\d ü")
    }

    /// Counts what comes out of a pipe, on a thread of its own.
    private final class Reader: Sendable {
        let descriptor: Int32
        let total = Mutex<Int?>(nil)

        init(_ descriptor: Int32) { self.descriptor = descriptor }

        func run() {
            var (sum, room) = (0, [UInt8](repeating: 0, count: 5_000))
            while true {
                let count = unsafe read(descriptor, &room, room.count)
                guard count > 0 else { break }
                sum += count
                usleep(100)
            }
            total.withLock { $0 = sum }
        }
    }

    @Test func longTextGoesThroughAFullPipe() throws {
        var ends: [Int32] = [0, 0]
        #expect(unsafe pipe(&ends) == 0)
        // As whoever shares a piped log may have made it.
        try Descriptor.setBlocking(ends[1], false)
        let reader = Reader(ends[0])
        let context = unsafe Unmanaged.passRetained(reader).toOpaque()
        unsafe try CurrentProcess.startThread(stackSize: 0, name: "reader", context: context) { context in
            guard let context = unsafe context else { return }
            unsafe Unmanaged<Reader>.fromOpaque(context).takeRetainedValue().run()
        }
        let line = String(repeating: "x", count: 1_000)
        LogLine.write(level: 3, lines: Array(repeating: line, count: 1_000), to: ends[1])
        let length = LogLine.format(level: 3, text: line).utf8.count
        close(ends[1])
        while reader.total.withLock({ $0 == nil }) { usleep(1_000) }
        #expect(reader.total.withLock { $0 } == 1_000 * length)
        close(ends[0])
    }

    @Test func closedSlotIsNotClaimedAndItsGenerationStaysKnown() {
        let memory = UnsafeMutableRawPointer.allocate(byteCount: wsgi_scoreboard_size(), alignment: 64)
        defer { unsafe memory.deallocate() }
        unsafe memset(memory, 0, wsgi_scoreboard_size())
        let board = unsafe memory.assumingMemoryBound(to: wsgi_scoreboard.self)
        unsafe wsgi_scoreboard_prepare(board)
        unsafe wsgi_slot_publish(board, 0, 1, 7, 2, 0)
        #expect(unsafe wsgi_slot_claim(board, 0, 1) == 7)
        unsafe wsgi_slot_close(board, 0, 1)
        #expect(unsafe wsgi_slot_claim(board, 0, 1) == 0)
        unsafe wsgi_slot_release(board, 0, 0, 1, 7)
        #expect(unsafe wsgi_slot_claim(board, 0, 1) == 0 && wsgi_slot_generation(board, 1) == 7)
        unsafe wsgi_slot_publish(board, 0, 1, 8, 2, 0)
        #expect(unsafe wsgi_slot_claim(board, 0, 1) == 8)
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
