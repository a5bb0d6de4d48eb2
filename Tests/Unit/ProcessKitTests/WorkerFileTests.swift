import CSharedMemory
import Glibc
import ProcessKit
import Testing

/// What a worker has of the supervisor's, and may write anything to.
struct WorkerFileTests {
    private func write(_ bytes: [UInt8], to raw: Int32, at offset: Int) -> Int {
        unsafe bytes.withUnsafeBytes { unsafe pwrite(raw, $0.baseAddress, $0.count, off_t(offset)) }
    }

    @Test func boardAndCrashTextKeepTheirSizes() throws {
        for file in [
            try RequestBoard.create(threads: 2, slot: 0, generation: 1).release(), try CrashText.create().release(),
        ] {
            #expect(ftruncate(file, 63 << 20) == -1 && errno == EPERM)
            #expect(ftruncate(file, 0) == -1 && errno == EPERM)
            #expect(write([1], to: file, at: 1 << 20) == -1)
            close(file)
        }
    }

    @Test func boardSaysNoMoreThanItHasThreads() throws {
        let file = try MemoryFile.create("board")
        var record = [UInt8](repeating: 0xFF, count: MemoryLayout<wsgi_thread_record>.size)
        record[4] = 1
        for thread in 0..<100 {
            let at = MemoryLayout<wsgi_request_board>.size + thread * record.count
            #expect(write(record, to: file.raw, at: at) == record.count)
        }
        let running = RequestBoard.running(in: file.raw, threads: 3)
        #expect(running.map(\.thread) == [0, 1, 2])
        #expect(running.allSatisfy { !$0.client.isEmpty && $0.client.utf8.allSatisfy { $0 == UInt8(ascii: "?") } })
        #expect(RequestBoard.running(in: try MemoryFile.create("empty").raw, threads: 3).isEmpty)
    }

    @Test func boardCountsMessagesAndEndedRequests() throws {
        let file = try RequestBoard.create(threads: 2, slot: 0, generation: 1)
        let board = try RequestBoard(mapping: file.raw, threads: 2)
        for id: UInt16 in [35, 1091, 35, 2_047, 2_048, .max] { board.count(id: id) }
        unsafe wsgi_record_begin(board.record(1), "id", 2, "::1 GET /a b", 12, 7)
        var contents = RequestBoard.contents(of: file.raw, threads: 2)
        #expect(contents.messages == [35: 2, 1091: 1, 2_047: 1] && contents.requests == 0)
        #expect(contents.running.map(\.client) == ["::1"] && contents.running.map(\.line) == ["GET /a b"])
        #expect(contents.running.map(\.id) == ["id"] && contents.running.map(\.thread) == [1])
        let inTime = unsafe wsgi_record_end(board.record(1))
        contents = RequestBoard.contents(of: file.raw, threads: 2)
        #expect(inTime && contents.running.isEmpty && contents.requests == 1)
    }

    @Test(arguments: 0...24)
    func boardKeepsTextsOfAnyLength(length: Int) throws {
        let file = try RequestBoard.create(threads: 1, slot: 0, generation: 1)
        let board = try RequestBoard(mapping: file.raw, threads: 1)
        let text = String((0..<length).map { Character(Unicode.Scalar(UInt8(97 + $0))) })
        unsafe wsgi_record_begin(board.record(0), text, text.utf8.count, "- " + text, text.utf8.count + 2, 7)
        let running = RequestBoard.running(in: file.raw, threads: 1)
        #expect(running.map(\.id) == [text] && running.map(\.line) == [text])
    }

    @Test func embeddedRequestsOfAnEndedChildAreForgotten() throws {
        let requests = try EmbeddedRequests()
        let first = unsafe try #require(requests.take())
        let second = unsafe try #require(requests.take())
        unsafe wsgi_record_begin(first, "one", 3, "::1 GET /", 9, 7)
        unsafe wsgi_record_begin(second, "two", 3, "::1 GET /", 9, 7)
        let inTime = unsafe wsgi_record_end(second)
        #expect(inTime && requests.running.map(\.request.id) == ["one"])
        #expect(requests.running.map(\.process) == [getpid()])
        requests.childEnded(getpid() + 1)
        #expect(requests.running.count == 1)
        requests.childEnded(getpid())
        #expect(requests.running.isEmpty)
        var taken = 0
        while unsafe requests.take() != nil { taken += 1 }
        #expect(taken == EmbeddedRequests.most && requests.running.isEmpty)
    }

    @Test func crashTextEndsAtTheFirstZero() throws {
        let file = try CrashText.create()
        #expect(CrashText.contents(of: file.raw).isEmpty)
        #expect(write(Array("Fatal".utf8), to: file.raw, at: 0) == 5)
        #expect(CrashText.contents(of: file.raw) == "Fatal")
        CrashText.clear(file.raw)
        #expect(CrashText.contents(of: file.raw).isEmpty)
        #expect(
            write([UInt8](repeating: 65, count: CrashText.maximumSize), to: file.raw, at: 0) == CrashText.maximumSize)
        #expect(CrashText.contents(of: file.raw).utf8.count == CrashText.maximumSize)
    }

    private func send(_ bytes: [UInt8], on pipe: borrowing PacketPipe) throws(SystemError) {
        let failure: SystemError? = unsafe bytes.withUnsafeBytes { bytes in
            do throws(SystemError) {
                unsafe try pipe.send(bytes)
                return nil
            } catch {
                return error
            }
        }
        if let failure { throw failure }
    }

    @Test func packetsOfAPipeStayApart() throws {
        let pair = try PacketPipe.pair()
        let writing = PacketPipe(adopting: try pair.writing.duplicate().release())
        var received = try pair.reading.receive()
        #expect(received == nil)
        let longest = [UInt8](repeating: 7, count: PacketPipe.maximumPacket)
        try send([1, 2], on: writing)
        try send(longest, on: writing)
        received = try pair.reading.receive()
        #expect(received == [1, 2])
        received = try pair.reading.receive()
        #expect(received == longest)
        #expect(throws: SystemError("write", EMSGSIZE)) { try send(longest + [7], on: writing) }
        var count = 0
        while (try? send(longest, on: writing)) != nil { count += 1 }
        #expect(count >= 16 && count <= 512, "a full pipe does not wait")
    }

    @Test func writingForNobodyEndsNoProcess() throws {
        let former = signal(SIGPIPE, SIG_DFL)
        defer { _ = signal(SIGPIPE, former) }
        let writing = PacketPipe(adopting: try PacketPipe.pair().writing.duplicate().release())
        #expect(throws: SystemError("write", EPIPE)) { try send([1], on: writing) }
        var pending = sigset_t()
        unsafe sigpending(&pending)
        #expect(unsafe sigismember(&pending, SIGPIPE) == 0)
    }

    @Test func startIsToldWithoutWaiting() throws {
        let null = try Descriptor.null()
        var request = SpawnRequest(executable: "/nowhere/python", arguments: ["python"], environment: [])
        request.descriptors = [null.raw, null.raw, null.raw]
        let launch = try request.begin()
        let process = try ProcessHandle(child: launch.id)
        let ended = process.ends(within: 10_000)
        #expect(ended && launch.listen())
        #expect(launch.failure?.step == .execute && launch.failure?.code == ENOENT)
        let ending = process.reap()
        #expect(ending == .exited(code: 127))
    }
}
