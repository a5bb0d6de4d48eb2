import Testing
import WSGIWire

struct FrameTests {
    static let kinds = (0...255).compactMap { Frame.Kind(rawValue: UInt8($0)) }

    static func decode(_ bytes: some Collection<UInt8>) throws -> Frame.Header {
        unsafe try lend(bytes) { try unsafe Frame.header($0) }
    }

    /// The least and the largest payload of each kind, as the description of `Frame` has them.
    static func sizes(_ kind: Frame.Kind) -> ClosedRange<Int> {
        switch kind {
        case .data: 0...Int(UInt32.max)
        case .request: 0...16 << 20
        case .head, .hints, .log: 0...1 << 20
        case .body: 0...256 << 10
        case .file: 16...16
        case .go: 4...4
        case .error: 2...2
        case .bodyEnd, .abort, .end, .cut, .reload: 0...0
        }
    }

    @Test(arguments: kinds)
    func headerIsReadBack(kind: Frame.Kind) throws {
        for length in Set([Self.sizes(kind).lowerBound, Self.sizes(kind).upperBound]) {
            try headerIsReadBack(Frame.Header(kind: kind, length: length, flags: 0xA5, detail: 0xBEEF))
        }
    }

    private func headerIsReadBack(_ header: Frame.Header) throws {
        let bytes = encoded { Frame.append(header, to: &$0) }
        #expect(bytes.count == Frame.headerSize)
        #expect(try Self.decode(bytes) == header)
        #expect(try Self.decode(bytes + [1, 2, 3]) == header)
        for length in 0..<bytes.count {
            #expect(throws: WireError.truncated) { try Self.decode(bytes.prefix(length)) }
        }
    }

    @Test(arguments: kinds)
    func eachKindHasItsSizes(kind: Frame.Kind) throws {
        for length in [0, 1, 2, 3, 4, 5, 15, 16, 17, 1 << 20, (1 << 20) + 1, 16 << 20, (16 << 20) + 1, Int(UInt32.max)]
        {
            let header = Frame.Header(kind: kind, length: length)
            let bytes = encoded { Frame.append(header, to: &$0) }
            if Self.sizes(kind).contains(length) {
                #expect(try Self.decode(bytes) == header)
            } else {
                #expect(throws: WireError.invalid("length")) { try Self.decode(bytes) }
            }
        }
    }

    @Test func smallBlocksBecomeOne() throws {
        let blocks = ["first", "", "2", "third"].map { Array($0.utf8) }
        let stream = blocks.flatMap { block in
            encoded { Frame.append(Frame.Header(kind: .data, length: block.count), to: &$0) } + block
        }
        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: stream.count, alignment: 1)
        defer { unsafe memory.deallocate() }
        var window = unsafe FrameWindow(memory)
        unsafe window.room(for: stream.count).copyBytes(from: stream)
        window.received(stream.count)
        var taken = try unsafe window.take(window.takeHeader().length)
        for index in 1..<blocks.count {
            let next = try #require(window.following)
            unsafe taken = try #require(unsafe window.join(next, to: taken))
            #expect(unsafe array(taken) == blocks[...index].flatMap { $0 })
        }
        #expect(window.following == nil && window.count == 0)
    }

    @Test func unknownKindIsRefused() {
        #expect(Self.kinds.count == 14)
        for raw in 0...255 where Frame.Kind(rawValue: UInt8(raw)) == nil {
            let bytes: [UInt8] = [0, 0, 0, 0, UInt8(raw), 0, 0, 0]
            #expect(throws: WireError.invalid("kind")) { try Self.decode(bytes) }
        }
    }

    @Test func anyBytesEndInAHeaderOrAnError() {
        var generator = Generator(seed: 10)
        for _ in 0..<20_000 {
            let bytes = generator.bytes(0...12)
            if let header = try? Self.decode(bytes) {
                #expect(encoded { Frame.append(header, to: &$0) } == Array(bytes.prefix(8)))
            }
        }
    }
}
