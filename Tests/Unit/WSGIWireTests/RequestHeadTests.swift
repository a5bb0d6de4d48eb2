import Testing
import WSGIWire

/// A request head as plain values, to compare and to encode.
struct PlainRequest: Equatable {
    var flags: UInt32 = 0
    var contentLength: Int64 = -1
    var scriptModified: Int64 = 0
    var requestStart: Int64 = 0
    var queueStart: Int64 = 0
    var script: [UInt8] = []
    var applicationGroup: [UInt8] = []
    var callableObject: [UInt8] = []
    var requestID: [UInt8] = []
    var requestLine: [UInt8] = []
    var environ: [[[UInt8]]] = []
    var body: [UInt8] = []

    static var sample: PlainRequest {
        PlainRequest(
            flags: 0b101011, contentLength: 5, scriptModified: 1_700_000_000_000_001, requestStart: 17, queueStart: -1,
            script: Array("/srv/app.wsgi".utf8), applicationGroup: Array("example.org|/app".utf8),
            callableObject: Array("application".utf8), requestID: [0xFF, 0x00, 0x80],
            requestLine: Array("GET /app?".utf8),
            environ: [
                [Array("PATH_INFO".utf8), Array("/é".utf8)], [Array("QUERY_STRING".utf8), []], [[], []],
                [Array("HTTP_X".utf8), [0xFE, 0xFF]],
            ],
            body: Array("hello".utf8))
    }

    /// Encodes it behind what is in the buffer.
    func append(to buffer: inout ByteBuffer) {
        var encoder = RequestHeadEncoder(
            into: &buffer, contentLength: contentLength, scriptModified: scriptModified, requestStart: requestStart,
            queueStart: queueStart)
        unsafe lend(script) { script in
            unsafe lend(applicationGroup) { group in
                unsafe lend(callableObject) { callable in
                    unsafe lend(requestID) { id in
                        unsafe lend(requestLine) { line in
                            unsafe encoder.strings(
                                script: script, applicationGroup: group, callableObject: callable, requestID: id,
                                requestLine: line, into: &buffer)
                        }
                    }
                }
            }
        }
        for entry in environ {
            unsafe lend(entry[0]) { key in
                unsafe lend(entry[1]) { value in unsafe encoder.entry(key: key, value: value, into: &buffer) }
            }
        }
        encoder.finish(flags: RequestHead.Flags(rawValue: flags), bodyLength: body.count, into: &buffer)
        unsafe lend(body) { unsafe buffer.append($0) }
    }

    /// Decodes all of a message.
    init(_ bytes: UnsafeRawBufferPointer) throws(WireError) {
        var head = try unsafe RequestHead(bytes)
        flags = head.flags.rawValue
        (contentLength, scriptModified) = (head.contentLength, head.scriptModified)
        (requestStart, queueStart) = (head.requestStart, head.queueStart)
        unsafe (script, applicationGroup) = (array(head.script), array(head.applicationGroup))
        unsafe (callableObject, requestID) = (array(head.callableObject), array(head.requestID))
        unsafe requestLine = array(head.requestLine)
        unsafe body = array(head.body)
        for _ in 0..<head.environCount {
            let entry = try unsafe head.nextEntry()
            unsafe environ.append([array(entry.key), array(entry.value)])
        }
    }
}

extension PlainRequest {
    init(
        flags: UInt32, contentLength: Int64, scriptModified: Int64, requestStart: Int64, queueStart: Int64,
        script: [UInt8], applicationGroup: [UInt8], callableObject: [UInt8], requestID: [UInt8],
        requestLine: [UInt8], environ: [[[UInt8]]], body: [UInt8]
    ) {
        self.flags = flags
        self.contentLength = contentLength
        self.scriptModified = scriptModified
        self.requestStart = requestStart
        self.queueStart = queueStart
        self.script = script
        self.applicationGroup = applicationGroup
        self.callableObject = callableObject
        self.requestID = requestID
        self.requestLine = requestLine
        self.environ = environ
        self.body = body
    }
}

struct RequestHeadTests {
    static func decode(_ bytes: some Collection<UInt8>) throws -> PlainRequest {
        unsafe try lend(bytes) { try unsafe PlainRequest($0) }
    }

    @Test func sampleIsReadBack() throws {
        let sample = PlainRequest.sample
        #expect(try Self.decode(encoded { sample.append(to: &$0) }) == sample)
    }

    @Test func headMayStandBehindAFrameHeader() throws {
        let bytes = encoded { buffer in
            Frame.append(Frame.Header(kind: .request, length: 0), to: &buffer)
            PlainRequest.sample.append(to: &buffer)
        }
        #expect(try Self.decode(bytes.dropFirst(Frame.headerSize)) == .sample)
    }

    @Test func randomHeadsAreReadBack() throws {
        var generator = Generator(seed: 20)
        for _ in 0..<500 {
            var request = PlainRequest.sample
            request.flags = UInt32.random(in: 0...UInt32.max, using: &generator)
            request.contentLength = Int64.random(in: Int64.min...Int64.max, using: &generator)
            request.scriptModified = Int64.random(in: Int64.min...Int64.max, using: &generator)
            request.requestStart = Int64.random(in: Int64.min...Int64.max, using: &generator)
            request.queueStart = Int64.random(in: Int64.min...Int64.max, using: &generator)
            request.script = generator.bytes(0...40)
            request.applicationGroup = generator.bytes(0...40)
            request.callableObject = generator.bytes(0...40)
            request.requestID = generator.bytes(0...40)
            request.requestLine = generator.bytes(0...40)
            request.environ = (0..<Int.random(in: 0...40, using: &generator)).map { _ in
                [generator.bytes(0...20), generator.bytes(0...200)]
            }
            request.body = generator.bytes(0...100)
            #expect(try Self.decode(encoded { request.append(to: &$0) }) == request)
        }
    }

    @Test func valueIsFoundWhereverTheReaderIs() throws {
        let bytes = encoded { PlainRequest.sample.append(to: &$0) }
        unsafe try lend(bytes) { raw in
            var head = try unsafe RequestHead(raw)
            for _ in 0...head.environCount {
                #expect(unsafe head.value(of: "PATH_INFO").map(array) == Array("/é".utf8))
                #expect(unsafe head.value(of: "PATH") == nil)
                _ = unsafe try? head.nextEntry()
            }
        }
    }

    @Test func truncationIsSeenAtEveryByte() {
        let bytes = encoded { PlainRequest.sample.append(to: &$0) }
        for length in 0..<bytes.count {
            #expect(throws: WireError.truncated) { try Self.decode(bytes.prefix(length)) }
        }
    }

    @Test func bytesBehindTheMessageAreRefused() {
        let bytes = encoded { PlainRequest.sample.append(to: &$0) }
        #expect(throws: WireError.invalid("length")) { try Self.decode(bytes + [0]) }
    }

    @Test func moreEntriesThanThereAreIsTruncated() throws {
        let bytes = encoded { PlainRequest.sample.append(to: &$0) }
        unsafe try lend(bytes) { raw in
            var head = try unsafe RequestHead(raw)
            for _ in 0..<head.environCount { _ = try unsafe head.nextEntry() }
            #expect(throws: WireError.truncated) { _ = try unsafe head.nextEntry() }
        }
    }

    @Test func anyByteMayBeWrong() {
        let bytes = encoded { PlainRequest.sample.append(to: &$0) }
        for index in bytes.indices {
            for value in [0, 1, 0x7F, 0x80, 0xFF] as [UInt8] {
                var wrong = bytes
                wrong[index] = value
                _ = try? Self.decode(wrong)
            }
        }
    }

    @Test func anyBytesEndInAHeadOrAnError() {
        var generator = Generator(seed: 21)
        for round in 0..<20_000 {
            _ = try? Self.decode(round % 2 == 0 ? generator.bytes(0...160) : generator.plausibleBytes(0...160))
        }
    }
}
