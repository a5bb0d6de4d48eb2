import Testing
import WSGICore
import WSGIWire

struct SpecCodecTests {
    static func decoded<Contents: Spec>(_ bytes: some Collection<UInt8>) throws -> Contents {
        unsafe try lend(bytes) { try unsafe SpecCodec.decode($0) }
    }

    static func script(_ bytes: some Collection<UInt8>) throws -> ScriptSpec {
        unsafe try lend(bytes) { raw in
            var reader = unsafe ByteReader(raw)
            return try ScriptSpec.read(from: &reader)
        }
    }

    private static var supervisor: SupervisorSpec { SampleReader.sample() }
    private static var process: ProcessSpec { SampleReader.sample() }

    @Test func supervisorIsReadBack() throws {
        for spec in [Self.supervisor, SampleReader.sample(flags: false), SupervisorSpec()] {
            #expect(try Self.decoded(encoded { SpecCodec.encode(spec, into: &$0) }) == spec)
        }
    }

    @Test func processIsReadBack() throws {
        var embedded = Self.process
        embedded.worker = nil
        for spec in [Self.process, embedded, ProcessSpec()] {
            #expect(try Self.decoded(encoded { SpecCodec.encode(spec, into: &$0) }) == spec)
        }
    }

    @Test func scriptIsReadBack() throws {
        for spec in [SampleReader.sample(), ScriptSpec(path: "/srv/app.wsgi", applicationGroup: "")] {
            #expect(try Self.script(encoded { spec.write(to: &$0) }) == spec)
        }
    }

    /// Properties that the list of a spec, or of a spec in it, forgets: they are not in the list under their names, or keep
    /// their default in every sample.
    private static func gaps<Kind: Spec>(of kind: Kind.Type) -> [String] {
        let properties = Array(Mirror(reflecting: Kind()).children)
        let samples = [SampleReader.sample(kind), SampleReader.sample(kind, flags: false)]
        var gaps: [String] = []
        if properties.compactMap(\.label) != kind.fields.map(\.name.description) {
            gaps.append("\(kind) has other properties than its list, or in another order")
        }
        for (index, property) in properties.enumerated() {
            let values = samples.map { Array(Mirror(reflecting: $0).children)[index].value }
            if values.allSatisfy({ String(describing: $0) == String(describing: property.value) }) {
                gaps.append("\(kind).\(property.label ?? "") is not sent")
            }
            for kind in kinds(in: values[0]) { gaps += self.gaps(of: kind) }
        }
        return gaps
    }

    /// The type of a spec, or of those in a list or an optional.
    private static func kinds(in value: Any) -> [any Spec.Type] {
        if let spec = value as? any Spec { return [type(of: spec)] }
        return Mirror(reflecting: value).children.prefix(1).flatMap { kinds(in: $0.value) }
    }

    @Test func everyPropertyOfEverySpecIsListed() {
        #expect(Self.gaps(of: SupervisorSpec.self) + Self.gaps(of: ServerFacts.self) == [])
    }

    @Test func allSpecsHaveOneFingerprint() {
        for layout in [ProcessSpec.layout, WorkerSpec.layout, ScriptSpec.layout] {
            #expect(SupervisorSpec.layout.contains(layout))
        }
    }

    private static func problem(_ bytes: some Collection<UInt8>) throws -> StartFailure {
        unsafe try lend(bytes) { raw in
            var reader = unsafe ByteReader(raw)
            return try StartFailure(&reader)
        }
    }

    @Test func startProblemIsReadBack() throws {
        var problem = StartFailure(text: "no")
        problem.report = ["Traceback (most recent call last):", "", "ValueError: ü"]
        problem.script = "/srv/app.wsgi"
        problem.modified = 1_700_000_000_123_456
        #expect(try Self.problem(encoded { problem.encode(into: &$0) }) == problem)
    }

    private static func sent(_ problem: StartFailure) throws -> StartFailure {
        let packets = problem.packets(of: 4096)
        #expect(packets.allSatisfy { $0.kind == .failed && $0.payload.count + 4 <= 4096 })
        #expect(packets.map { $0.payload.first } == Array(repeating: 1, count: packets.count - 1) + [0])
        let bytes = packets.flatMap { $0.payload.dropFirst() }
        #expect(bytes.count <= StartFailure.longestEncoding)
        return try Self.problem(bytes)
    }

    @Test func reportsGoWhole() throws {
        var problem = StartFailure(text: "no")
        problem.report = ["first"] + Array(repeating: String(repeating: "x", count: 9_000), count: 3) + ["last"]
        #expect(try Self.sent(problem) == problem)
        #expect(try Self.sent(StartFailure(text: "no")) == StartFailure(text: "no"))
    }

    @Test func longerReportsKeepTheirBeginningAndTheirEnd() throws {
        for line in [String(repeating: "x", count: 900), "", String(repeating: "ü", count: 500_000)] {
            var problem = StartFailure(text: "no")
            problem.report =
                ["first"] + Array(repeating: line, count: 30_000_000 / (line.utf8.count + 1_000)) + ["last"]
            let report = try Self.sent(problem).report
            #expect(report.first == "first" && report.last == "last")
            #expect(report.reduce(0) { $0 + $1.utf8.count + 4 } <= StartFailure.longestReport + 200)
            #expect(report.contains { $0.contains("bytes omitted") })
        }
    }

    @Test func truncationIsSeenAtEveryByte() {
        let supervisor = encoded { SpecCodec.encode(Self.supervisor, into: &$0) }
        for length in 0..<supervisor.count {
            #expect(throws: WireError.truncated) { try Self.decoded(supervisor.prefix(length)) as SupervisorSpec }
        }
        let process = encoded { SpecCodec.encode(Self.process, into: &$0) }
        for length in 0..<process.count {
            #expect(throws: WireError.truncated) { try Self.decoded(process.prefix(length)) as ProcessSpec }
        }
        let script = encoded { Self.process.preloads[0].write(to: &$0) }
        for length in 0..<script.count {
            #expect(throws: WireError.truncated) { try Self.script(script.prefix(length)) }
        }
    }

    @Test func anotherFingerprintIsRejected() {
        let other = SpecCodec.fingerprint &+ 1
        var bytes = encoded { $0.append(other) }
        bytes += [UInt8](repeating: 0, count: 400)
        #expect(throws: WireError.version(other)) { try Self.decoded(bytes) as SupervisorSpec }
        #expect(throws: WireError.version(other)) { try Self.decoded(bytes) as ProcessSpec }
    }

    @Test func anyByteMayBeWrong() {
        let bytes = encoded { SpecCodec.encode(Self.supervisor, into: &$0) }
        for index in bytes.indices {
            for value in [0, 1, 0x7F, 0x80, 0xFF] as [UInt8] {
                var wrong = bytes
                wrong[index] = value
                _ = try? Self.decoded(wrong) as SupervisorSpec
            }
        }
    }

    @Test func anyBytesEndInASpecOrAnError() {
        var generator = Generator(seed: 40)
        let fingerprint = encoded { $0.append(SpecCodec.fingerprint) }
        for round in 0..<20_000 {
            let bytes = round % 2 == 0 ? generator.bytes(0...300) : generator.plausibleBytes(0...300)
            _ = try? Self.decoded(fingerprint + bytes) as SupervisorSpec
            _ = try? Self.decoded(fingerprint + bytes) as ProcessSpec
            _ = try? Self.script(bytes)
        }
    }

    @Test func placesOfRequestsAreReadBack() {
        let place = ControlPacket.RequestPlace(slot: 7, generation: 3, thread: 2, id: "a/b")
        #expect(ControlPacket.inspectStack(place).requestPlace == place)
        #expect(ControlPacket(.inspectStack, payload: [1, 2, 3]).requestPlace == nil)
        let wanted = ControlPacket.stackWanted(thread: 2, id: "a/b").wantedStack
        #expect(wanted?.thread == 2 && wanted?.id == "a/b")
    }

    @Test func controlKindsAreDistinct() {
        let kinds = (0...64).compactMap { ControlKind(rawValue: $0) }
        #expect(kinds.count == 22)
    }
}
