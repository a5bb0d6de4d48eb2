import CSharedMemory
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

    @Test func textWaitsASecondInAllForASlowReader() throws {
        var ends: [Int32] = [0, 0]
        #expect(unsafe pipe(&ends) == 0)
        try Descriptor.setBlocking(ends[1], false)
        let script = "for i in 1 2 3 4 5 6 7 8 9 10 11 12; do sleep 0.3; dd bs=9000 count=1 of=/dev/null 2>&0; done"
        var request = SpawnRequest(
            executable: "/bin/sh", arguments: ["sh", "-c", script], environment: ["PATH=/bin:/usr/bin"])
        let null = try Descriptor.null()
        request.descriptors = [ends[0], null.raw, null.raw]
        let reader = try ProcessHandle(id: try request.start())
        let before = Clock.milliseconds()
        LogLine.write(level: 3, text: String(repeating: "x", count: 1_000_000), to: ends[1])
        let taken = Clock.milliseconds() - before
        #expect(taken >= 900 && taken < 2_500)
        reader.kill()
        let ended = reader.ends(within: 10_000)
        let ending = reader.reap()
        #expect(ended && ending != nil)
        for end in ends { close(end) }
    }

    @Test func processesAreKnownByTheirTimes() throws {
        let request = SpawnRequest(executable: "/bin/sleep", arguments: ["sleep", "60"], environment: [])
        var withOutput = request
        let null = try Descriptor.null()
        withOutput.descriptors = [null.raw, null.raw, null.raw]
        let process = try ProcessHandle(id: try withOutput.start())
        let all = ProcessFacts.all()
        let facts = try #require(all.first { $0.id == process.id })
        #expect(facts.parent == CurrentProcess.id && facts.session == process.id && facts.isRunning)
        #expect(facts.user == getuid() && facts.started == ProcessFacts(process.id)?.started)
        // The order of processes is that of their times.
        let parent = try #require(all.first { $0.id == CurrentProcess.id })
        var now = timespec()
        unsafe clock_gettime(CLOCK_BOOTTIME, &now)
        let since = now.tv_sec - Int(facts.started) / sysconf(Int32(_SC_CLK_TCK))
        #expect(facts.started >= parent.started && (0..<60).contains(since), "\(facts.started)")
        #expect(all.contains { $0.id == 1 && $0.user == nil })
        facts.kill()
        let ended = process.ends(within: 10_000)
        #expect(ended && !facts.isRunning && ProcessFacts(process.id)?.hasEnded == true)
        #expect(process.reap() == .killed(signal: SIGKILL))
        #expect(!facts.isRunning && ProcessFacts(process.id) == nil)
    }

    @Test func aLogIsGivenAwayWithADescriptionOfItsOwn() throws {
        var template = Array("/tmp/wsgi-log-XXXXXX".utf8CString)
        let log = Descriptor(adopting: unsafe mkstemp(&template))
        #expect(fcntl(log.raw, F_SETFL, O_APPEND) == 0)
        #expect(unsafe unlink(&template) == 0)
        let given = try Descriptor.forAppending(log.raw)
        #expect(fcntl(given.raw, F_GETFL) & (O_APPEND | O_NONBLOCK) == O_APPEND)
        #expect(fcntl(given.raw, F_SETFL, O_NONBLOCK) == 0)
        #expect(fcntl(log.raw, F_GETFL) & (O_APPEND | O_NONBLOCK) == O_APPEND)
        LogLine.write(level: 3, text: "one", to: log.raw)
        #expect(unsafe pwrite(given.raw, "X", 1, 0) == 1)
        #expect(String(decoding: try MemoryFile.contents(of: log.raw), as: UTF8.self).hasPrefix("X"))
        var ends: [Int32] = [0, 0]
        #expect(unsafe pipe(&ends) == 0)
        let own = try Descriptor.forAppending(ends[1])
        #expect(unsafe write(own.raw, "X", 1) == 1 && fcntl(own.raw, F_GETFL) & O_NONBLOCK == 0)
        #expect(fcntl(own.raw, F_SETFL, O_NONBLOCK) == 0 && fcntl(ends[1], F_GETFL) & O_NONBLOCK == 0)
        // Nobody reads any more, and none is waited for.
        close(ends[0])
        _ = try Descriptor.forAppending(ends[1])
        close(ends[1])
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
        unsafe wsgi_slot_release(board, 0, 0, 1, 7, true)
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
