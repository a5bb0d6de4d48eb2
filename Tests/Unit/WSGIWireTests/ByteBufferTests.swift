import Testing
import WSGIWire

struct ByteBufferTests {
    @Test func integersAreInNativeOrder() {
        let bytes = encoded { buffer in
            buffer.append(byte: 1)
            buffer.append(UInt16(0x0302))
            buffer.append(UInt32(0x0706_0504))
            buffer.append(Int64(-2))
        }
        #expect(bytes.count == 15)
        unsafe lend(bytes) { raw in
            var reader = unsafe ByteReader(raw)
            #expect((try? reader.integer(UInt8.self)) == 1)
            #expect((try? reader.integer(UInt16.self)) == 0x0302)
            #expect((try? reader.integer(UInt32.self)) == 0x0706_0504)
            #expect((try? reader.integer(Int64.self)) == -2)
            #expect(reader.remaining == 0 && reader.offset == 15)
        }
    }

    @Test func contentsSurviveGrowth() {
        var generator = Generator(seed: 1)
        for capacity in [0, 1, 64, 100] {
            var buffer = ByteBuffer(capacity: capacity)
            var expected: [UInt8] = []
            for _ in 0..<60 {
                let piece = generator.bytes(0...90)
                unsafe lend(piece) { unsafe buffer.append($0) }
                expected += piece
            }
            #expect(unsafe Array(buffer.bytes) == expected)
            #expect(buffer.count == expected.count)
        }
    }

    @Test func resetEmptiesAndShrinks() {
        var buffer = ByteBuffer()
        buffer.append(string: String(repeating: "x", count: 5000))
        buffer.reset(keeping: 128)
        #expect(buffer.count == 0)
        buffer.append(string: String(repeating: "y", count: 1000))
        #expect(buffer.count == 1004)
        #expect(unsafe buffer.bytes.last == UInt8(ascii: "y"))
        buffer.reset()
        #expect(buffer.count == 0)
    }

    @Test func setWritesOnlyWithinWhatIsThere() {
        var buffer = ByteBuffer()
        for _ in 0..<2 { buffer.append(UInt32(0)) }
        buffer.set(UInt32.max, at: 4)
        for offset in [-1, 5, 8, 1000, Int.min] { buffer.set(UInt32(0x0101_0101), at: offset) }
        #expect(unsafe Array(buffer.bytes) == [0, 0, 0, 0, 255, 255, 255, 255])
    }

    @Test(arguments: [(3, 3, 3), (0, 0, 0), (-1, -1, 0), (200, 200, 200), (201, 201, 200)])
    func roomIsFilledByTheCaller(result: Int, returned: Int, added: Int) {
        var buffer = ByteBuffer(capacity: 64)
        buffer.append(byte: 1)
        let filled = unsafe buffer.append(upTo: 200) { room in
            unsafe room.initializeMemory(as: UInt8.self, repeating: 7)
            return room.count == 200 ? result : -2
        }
        #expect(filled == returned)
        #expect(unsafe Array(buffer.bytes) == [1] + [UInt8](repeating: 7, count: added))
    }

    @Test func emptyPiecesAddNothing() {
        var buffer = ByteBuffer()
        unsafe buffer.append(UnsafeRawBufferPointer(start: nil, count: 0))
        unsafe lend([]) { unsafe buffer.append($0) }
        #expect(buffer.count == 0)
    }
}

struct ByteReaderTests {
    @Test(arguments: ["", "a", "né €😀", String(repeating: "x", count: 300)])
    func stringIsReadBack(text: String) {
        let bytes = encoded { $0.append(string: text) }
        #expect(bytes.count == 4 + text.utf8.count)
        unsafe lend(bytes) { raw in
            var reader = unsafe ByteReader(raw)
            #expect((try? reader.string()) == text)
            #expect(reader.remaining == 0)
        }
        for length in 0..<bytes.count {
            unsafe lend(bytes.prefix(length)) { raw in
                var reader = unsafe ByteReader(raw)
                #expect(throws: WireError.truncated) { try reader.string() }
            }
        }
    }

    @Test func nothingIsReadBeyondTheEnd() {
        unsafe lend([1, 2, 3]) { raw in
            var reader = unsafe ByteReader(raw)
            #expect(throws: WireError.truncated) { try reader.integer(UInt32.self) }
            #expect(reader.remaining == 3)
            for count in [4, -1, Int.max, Int.min] {
                #expect(throws: WireError.truncated) { _ = try unsafe reader.take(count) }
            }
            #expect((try? unsafe array(reader.take(3))) == [1, 2, 3])
            #expect((try? unsafe array(reader.take(0))) == [])
            #expect(throws: WireError.truncated) { try reader.integer(UInt8.self) }
        }
    }

    @Test func errorsAreEqualByCaseAndContents() {
        #expect(WireError.truncated == .truncated)
        #expect(WireError.version(1) == .version(1) && WireError.version(1) != .version(2))
        #expect(WireError.invalid("kind") == .invalid("kind") && WireError.invalid("kind") != .invalid("length"))
        #expect(WireError.truncated != .version(1) && WireError.invalid("kind") != .truncated)
    }
}
