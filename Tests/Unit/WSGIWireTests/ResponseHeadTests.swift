import Testing
import WSGIWire

/// A response head as plain values.
struct PlainResponse: Equatable {
    var status = 200
    var statusLine: [UInt8] = []
    var contentLength: Int64?
    var headers: [[[UInt8]]] = []

    static let sample = PlainResponse(
        status: 404, statusLine: Array("404 Not Found".utf8), contentLength: 12,
        headers: [
            [Array("Content-Type".utf8), Array("text/plain".utf8)], [Array("X-Empty".utf8), []],
            [Array("X-Latin".utf8), [0xE9]],
        ])

    func append(to buffer: inout ByteBuffer) {
        var encoder = unsafe lend(statusLine) { line in
            unsafe ResponseHeadEncoder(into: &buffer, status: status, statusLine: line)
        }
        for header in headers {
            let fits = unsafe lend(header[0]) { name in
                unsafe lend(header[1]) { value in unsafe encoder.header(name: name, value: value, into: &buffer) }
            }
            #expect(fits)
        }
        if let contentLength { encoder.setContentLength(contentLength, into: &buffer) }
    }

    static func decode(_ bytes: some Collection<UInt8>) throws -> PlainResponse {
        unsafe try lend(bytes) { raw in
            var head = try unsafe ResponseHead(raw)
            var plain = unsafe PlainResponse(status: head.status, statusLine: array(head.statusLine))
            plain.contentLength = head.contentLength == -1 ? nil : head.contentLength
            for _ in 0..<head.headerCount {
                let header = try unsafe head.nextHeader()
                unsafe plain.headers.append([array(header.name), array(header.value)])
            }
            return plain
        }
    }
}

struct ResponseHeadTests {
    @Test func sampleIsReadBack() throws {
        #expect(try PlainResponse.decode(encoded { PlainResponse.sample.append(to: &$0) }) == .sample)
        let empty = PlainResponse(status: 999, statusLine: Array("999".utf8), contentLength: nil, headers: [])
        #expect(try PlainResponse.decode(encoded { empty.append(to: &$0) }) == empty)
    }

    @Test func headMayStandBehindAFrameHeader() throws {
        let bytes = encoded { buffer in
            Frame.append(Frame.Header(kind: .head, length: 0), to: &buffer)
            PlainResponse.sample.append(to: &buffer)
        }
        #expect(try PlainResponse.decode(bytes.dropFirst(Frame.headerSize)) == .sample)
    }

    @Test func randomHeadsAreReadBack() throws {
        var generator = Generator(seed: 30)
        for _ in 0..<500 {
            let status = Int.random(in: 100...999, using: &generator)
            let response = PlainResponse(
                status: status, statusLine: Array("\(status) ".utf8) + generator.bytes(0...60).map { $0 | 0x80 },
                contentLength: Bool.random(using: &generator)
                    ? nil : Int64.random(in: 0...Int64.max, using: &generator),
                headers: (0..<Int.random(in: 0...30, using: &generator)).map { _ in
                    [generator.bytes(0...20), generator.bytes(0...200)]
                })
            #expect(try PlainResponse.decode(encoded { response.append(to: &$0) }) == response)
        }
    }

    @Test func truncationIsSeenAtEveryByte() {
        let bytes = encoded { PlainResponse.sample.append(to: &$0) }
        for length in 0..<bytes.count {
            #expect(throws: WireError.truncated) { try PlainResponse.decode(bytes.prefix(length)) }
        }
    }

    /// httpd would send these as they are.
    @Test(arguments: ["", "20", "200OK", "200 O\r\nX: y", "200 O\0K", "201 OK", "099 x", "1000"])
    func statusLineMustBeOneOfTheStatus(line: String) {
        for status in [200, 99, 1000] {
            let response = PlainResponse(status: status, statusLine: Array(line.utf8))
            #expect(throws: WireError.invalid("status")) {
                try PlainResponse.decode(encoded { response.append(to: &$0) })
            }
        }
    }

    @Test func thereIsALimitOfHeaders() throws {
        var buffer = ByteBuffer()
        let empty = unsafe UnsafeRawBufferPointer(start: nil, count: 0)
        var encoder = unsafe lend(Array("200".utf8)) { line in
            unsafe ResponseHeadEncoder(into: &buffer, status: 200, statusLine: line)
        }
        for _ in 0..<ResponseHead.mostHeaders {
            guard unsafe encoder.header(name: empty, value: empty, into: &buffer) else {
                Issue.record("rejected too early")
                return
            }
        }
        let before = buffer.count
        #expect(unsafe !encoder.header(name: empty, value: empty, into: &buffer))
        #expect(buffer.count == before)
        #expect(try unsafe ResponseHead(buffer.bytes).headerCount == 1000)
        // One more is the Content-Length that an application has not given.
        buffer.set(UInt16(1001), at: 2)
        #expect(throws: Never.self) { try unsafe ResponseHead(buffer.bytes) }
        buffer.set(UInt16(1002), at: 2)
        #expect(throws: WireError.invalid("headers")) { try unsafe ResponseHead(buffer.bytes) }
    }

    @Test func anyByteMayBeWrong() {
        let bytes = encoded { PlainResponse.sample.append(to: &$0) }
        for index in bytes.indices {
            for value in [0, 1, 0x7F, 0x80, 0xFF] as [UInt8] {
                var wrong = bytes
                wrong[index] = value
                _ = try? PlainResponse.decode(wrong)
            }
        }
    }

    @Test func anyBytesEndInAHeadOrAnError() {
        var generator = Generator(seed: 31)
        for round in 0..<20_000 {
            _ = try? PlainResponse.decode(round % 2 == 0 ? generator.bytes(0...120) : generator.plausibleBytes(0...120))
        }
    }
}
