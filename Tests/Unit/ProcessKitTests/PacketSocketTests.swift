import ProcessKit
import Testing

struct PacketSocketTests {
    private func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

    private func send(_ text: String, _ descriptors: [Int32] = [], on socket: borrowing PacketSocket) throws {
        var text = text
        let failure: SystemError? = text.withUTF8 { bytes in
            do throws(SystemError) {
                unsafe try socket.send(UnsafeRawBufferPointer(bytes), descriptors: descriptors, wait: true)
                return nil
            } catch {
                return error
            }
        }
        if let failure { throw failure }
    }

    @Test func packetsStayWholeAndCarryDescriptors() throws {
        let pair = try PacketSocket.pair()
        let file = try memoryFile("in memory")
        let other = PacketSocket(adopting: try pair.theirs.duplicate().release())
        try send("one", [file.raw, file.raw], on: pair.ours)
        try send("two", on: pair.ours)
        var received = try other.receive(wait: true)
        let first = try #require(received)
        #expect(first.bytes == bytes("one") && first.descriptors.count == 2)
        for raw in first.descriptors {
            let arrived = Descriptor(adopting: raw)
            let (number, original) = (arrived.raw, file.raw)
            #expect(number != original)
            #expect(try MemoryFile.contents(of: number) == bytes("in memory"))
        }
        received = try other.receive(wait: true)
        let second = try #require(received)
        #expect(second.bytes == bytes("two") && second.descriptors.isEmpty)
        received = try other.receive(wait: false)
        #expect(received == nil)
    }

    @Test func manyDescriptorsAtOnce() throws {
        let pair = try PacketSocket.pair()
        let null = try Descriptor.null()
        let numbers = [Int32](repeating: null.raw, count: PacketSocket.maximumDescriptors)
        try send("many", numbers, on: pair.ours)
        let other = PacketSocket(adopting: try pair.theirs.duplicate().release())
        let received = try other.receive(wait: true)
        let packet = try #require(received)
        #expect(packet.descriptors.count == PacketSocket.maximumDescriptors)
        for raw in packet.descriptors { Descriptor.close(raw: raw) }
    }

    @Test func closedEndIsAnEmptyPacket() throws {
        let other: PacketSocket
        do {
            let pair = try PacketSocket.pair()
            other = PacketSocket(adopting: try pair.theirs.duplicate().release())
        }
        let received = try other.receive(wait: true)
        #expect(received?.bytes.isEmpty == true)
    }
}
