import Testing
import WSGIWire

/// The bytes of frames, each with a payload of zeros.
private func frames(_ list: (Frame.Kind, Int)...) -> [UInt8] {
    var buffer = ByteBuffer()
    for (kind, length) in list {
        Frame.append(Frame.Header(kind: kind, length: length), to: &buffer)
        for _ in 0..<length { buffer.append(byte: 0) }
    }
    return unsafe [UInt8](buffer.bytes)
}

private func state(_ bytes: [UInt8], within payload: Int = 0, at once: Int = .max) -> ResponseScan.State {
    var scan = ResponseScan(within: payload)
    var rest = bytes[...]
    while !rest.isEmpty {
        unsafe Array(rest.prefix(once)).withUnsafeBytes { unsafe scan.feed($0) }
        rest = rest.dropFirst(once)
    }
    return scan.state
}

struct ResponseScanTests {
    @Test(arguments: [1, 3, 8, 1_000])
    func endIsFoundWhereverTheBytesAreCut(once: Int) {
        let body = frames((.data, 100), (.log, 5), (.data, 0))
        #expect(state(body, at: once) == .more)
        #expect(state(body + frames((.end, 0)), at: once) == .ended)
        #expect(state([1, 2, 3] + body + frames((.end, 0)), within: 3, at: once) == .ended)
        #expect(state(Array(frames((.reload, 0)).dropLast()), at: once) == .more)
        #expect(state(frames((.reload, 0)), at: once) == .ended)
        #expect(state(frames((.error, 2)), at: once) == .ended)
        #expect(state(frames((.cut, 0)), at: once) == .ended)
    }

    @Test func threadThatIsStuckIsNotDone() {
        var buffer = ByteBuffer()
        Frame.append(Frame.Header(kind: .error, length: 2, flags: Frame.threadLost), to: &buffer)
        buffer.append(UInt16(504))
        #expect(state(unsafe [UInt8](buffer.bytes)) == .lost)
    }

    @Test func workerThatWaitsForTheBodyIsNotDone() {
        #expect(state(frames((.data, 3), (.go, 4), (.end, 0))) == .waits)
    }

    @Test func whatIsNoResponseIsMalformed() {
        #expect(state(frames((.request, 0))) == .malformed)
        #expect(state([0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0]) == .malformed)
    }
}
