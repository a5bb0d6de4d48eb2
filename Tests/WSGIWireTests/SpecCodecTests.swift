import Testing
import WSGICore
import WSGIWire

struct SpecCodecTests {
    static func supervisor(_ bytes: some Collection<UInt8>) throws -> SupervisorSpec {
        unsafe try lend(bytes) { try unsafe SpecCodec.decodeSupervisor($0) }
    }

    static func process(_ bytes: some Collection<UInt8>) throws -> ProcessSpec {
        unsafe try lend(bytes) { try unsafe SpecCodec.decodeProcess($0) }
    }

    static func script(_ bytes: some Collection<UInt8>) throws -> ScriptSpec {
        unsafe try lend(bytes) { raw in
            var reader = unsafe ByteReader(raw)
            return try SpecCodec.decodeScript(&reader)
        }
    }

    @Test func supervisorIsReadBack() throws {
        for spec in [Sample.supervisor, SupervisorSpec()] {
            #expect(try Self.supervisor(encoded { SpecCodec.encode(spec, into: &$0) }) == spec)
        }
    }

    @Test func processIsReadBack() throws {
        var embedded = Sample.process
        embedded.worker = nil
        for spec in [Sample.process, embedded, ProcessSpec()] {
            #expect(try Self.process(encoded { SpecCodec.encode(spec, into: &$0) }) == spec)
        }
    }

    @Test func scriptIsReadBack() throws {
        for spec in Sample.process.preloads {
            #expect(try Self.script(encoded { SpecCodec.encodeScript(spec, &$0) }) == spec)
        }
    }

    private static func problem(_ bytes: some Collection<UInt8>) throws -> StartProblem {
        unsafe try lend(bytes) { raw in
            var reader = unsafe ByteReader(raw)
            return try StartProblem(&reader)
        }
    }

    @Test func startProblemIsReadBack() throws {
        var problem = StartProblem(text: "no")
        problem.report = ["Traceback (most recent call last):", "", "ValueError: ü"]
        problem.script = "/srv/app.wsgi"
        problem.modified = 1_700_000_000_123_456
        #expect(try Self.problem(encoded { problem.encode(into: &$0) }) == problem)
    }

    private static func sent(_ problem: StartProblem) throws -> StartProblem {
        let packets = problem.packets(of: 4096)
        #expect(packets.allSatisfy { $0.kind == .failed && $0.payload.count + 4 <= 4096 })
        #expect(packets.map { $0.payload.first } == Array(repeating: 1, count: packets.count - 1) + [0])
        let bytes = packets.flatMap { $0.payload.dropFirst() }
        #expect(bytes.count <= StartProblem.longestEncoding)
        return try Self.problem(bytes)
    }

    @Test func reportsGoWhole() throws {
        var problem = StartProblem(text: "no")
        problem.report = ["first"] + Array(repeating: String(repeating: "x", count: 9_000), count: 3) + ["last"]
        #expect(try Self.sent(problem) == problem)
        #expect(try Self.sent(StartProblem(text: "no")) == StartProblem(text: "no"))
    }

    @Test func longerReportsKeepTheirBeginningAndTheirEnd() throws {
        for line in [String(repeating: "x", count: 900), "", String(repeating: "ü", count: 500_000)] {
            var problem = StartProblem(text: "no")
            problem.report =
                ["first"] + Array(repeating: line, count: 30_000_000 / (line.utf8.count + 1_000)) + ["last"]
            let report = try Self.sent(problem).report
            #expect(report.first == "first" && report.last == "last")
            #expect(report.reduce(0) { $0 + $1.utf8.count + 4 } <= StartProblem.longestReport + 200)
            #expect(report.contains { $0.contains("bytes are left out here") })
        }
    }

    /// A value that the codec forgot would be at its default after the round trip, as it is in `Sample` too.
    @Test func samplesHaveNoDefaults() {
        func unchanged(_ sample: Any, _ fresh: Any) -> [String] {
            zip(Mirror(reflecting: sample).children, Mirror(reflecting: fresh).children)
                .filter { String(describing: $0.value) == String(describing: $1.value) }.compactMap(\.0.label)
        }
        #expect(unchanged(Sample.worker, WorkerSpec()).isEmpty)
        #expect(unchanged(Sample.interpreter, InterpreterSpec()).isEmpty)
        #expect(unchanged(Sample.python, PythonSpec()).isEmpty)
        #expect(unchanged(Sample.limits, LimitSpec()).isEmpty)
        #expect(unchanged(Sample.process, ProcessSpec()).isEmpty)
        #expect(unchanged(Sample.group, GroupSpec()).isEmpty)
        #expect(unchanged(Sample.supervisor, SupervisorSpec()).isEmpty)
    }

    @Test(arguments: [nil, 0, 0o777, UInt32.max] as [UInt32?])
    func umaskMayBeAbsent(umask: UInt32?) throws {
        var spec = Sample.supervisor
        spec.groups[0].umask = umask
        #expect(try Self.supervisor(encoded { SpecCodec.encode(spec, into: &$0) }).groups[0].umask == umask)
    }

    @Test func truncationIsSeenAtEveryByte() {
        let supervisor = encoded { SpecCodec.encode(Sample.supervisor, into: &$0) }
        for length in 0..<supervisor.count {
            #expect(throws: WireError.truncated) { try Self.supervisor(supervisor.prefix(length)) }
        }
        let process = encoded { SpecCodec.encode(Sample.process, into: &$0) }
        for length in 0..<process.count {
            #expect(throws: WireError.truncated) { try Self.process(process.prefix(length)) }
        }
        let script = encoded { SpecCodec.encodeScript(Sample.process.preloads[0], &$0) }
        for length in 0..<script.count {
            #expect(throws: WireError.truncated) { try Self.script(script.prefix(length)) }
        }
    }

    @Test func anotherVersionIsRefused() {
        let other = SpecCodec.version + 1
        var bytes = encoded { $0.append(other) }
        bytes += [UInt8](repeating: 0, count: 400)
        #expect(throws: WireError.version(other)) { try Self.supervisor(bytes) }
        #expect(throws: WireError.version(other)) { try Self.process(bytes) }
    }

    @Test func anyByteMayBeWrong() {
        let bytes = encoded { SpecCodec.encode(Sample.supervisor, into: &$0) }
        for index in bytes.indices {
            for value in [0, 1, 0x7F, 0x80, 0xFF] as [UInt8] {
                var wrong = bytes
                wrong[index] = value
                _ = try? Self.supervisor(wrong)
            }
        }
    }

    @Test func anyBytesEndInASpecOrAnError() {
        var generator = Generator(seed: 40)
        let version = encoded { $0.append(SpecCodec.version) }
        for round in 0..<20_000 {
            let bytes = round % 2 == 0 ? generator.bytes(0...300) : generator.plausibleBytes(0...300)
            _ = try? Self.supervisor(version + bytes)
            _ = try? Self.process(version + bytes)
            _ = try? Self.script(bytes)
        }
    }

    @Test func controlKindsAreDistinct() {
        let kinds = (0...64).compactMap { ControlKind(rawValue: $0) }
        #expect(kinds.count == 18)
    }
}
