import Testing
import WSGIWire

struct FrameTests {
    static let kinds = (0...255).compactMap { Frame.Kind(rawValue: UInt8($0)) }

    static func decode(_ bytes: some Collection<UInt8>) throws -> Frame.Header {
        unsafe try lend(bytes) { try unsafe Frame.header($0) }
    }

    @Test(arguments: kinds, [0, 1, 65535, 65536, 16 << 20])
    func headerIsReadBack(kind: Frame.Kind, length: Int) throws {
        let header = Frame.Header(kind: kind, length: length, flags: 0xA5, detail: 0xBEEF)
        let bytes = encoded { Frame.append(header, to: &$0) }
        #expect(bytes.count == Frame.headerSize)
        #expect(try Self.decode(bytes) == header)
        #expect(try Self.decode(bytes + [1, 2, 3]) == header)
        for length in 0..<bytes.count {
            #expect(throws: WireError.truncated) { try Self.decode(bytes.prefix(length)) }
        }
    }

    @Test(arguments: kinds)
    func onlyDataMayBeLong(kind: Frame.Kind) throws {
        let header = Frame.Header(kind: kind, length: Frame.maximumPayload + 1)
        let bytes = encoded { Frame.append(header, to: &$0) }
        if kind == .data {
            #expect(try Self.decode(bytes) == header)
        } else {
            #expect(throws: WireError.invalid("length")) { try Self.decode(bytes) }
        }
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
