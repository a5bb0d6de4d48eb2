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
        #expect(running.allSatisfy { $0.line.utf8.allSatisfy { $0 == UInt8(ascii: "?") } })
        #expect(RequestBoard.running(in: try MemoryFile.create("empty").raw, threads: 3).isEmpty)
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
