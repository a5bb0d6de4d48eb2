import WSGICore
import WSGIWire

/// What `write` appends to a fresh buffer.
func encoded(_ write: (inout ByteBuffer) -> Void) -> [UInt8] {
    var buffer = ByteBuffer()
    write(&buffer)
    return unsafe Array(buffer.bytes)
}

/// The header at the beginning of these bytes.
private func header(_ bytes: some Collection<UInt8>) -> Frame.Header? {
    unsafe lend(bytes) { unsafe try? Frame.header($0) }
}

/// A header is decoded exactly when it is one, and is what its encoding says.
private func checkHeader(_ bytes: [UInt8]) throws {
    if let header = header(bytes) {
        try require(
            encoded { Frame.append(header, to: &$0) } == Array(bytes.prefix(8)), "encoding gives the bytes back")
        try require(Frame.allows(header.length, header.kind), "the payload has a size of its kind")
    } else if bytes.count >= Frame.headerSize, let kind = Frame.Kind(rawValue: bytes[4]) {
        let length = Int(bytes[0]) | Int(bytes[1]) << 8 | Int(bytes[2]) << 16 | Int(bytes[3]) << 24
        try require(kind != .data, "DATA may have any length")
        try require(!Frame.allows(length, kind), "a payload of a size of its kind is accepted")
    }
}

/// What a child makes of the bytes of a worker, to be compared.
private struct Transcript: Equatable {
    var frames: [[UInt8]] = []
    /// Whether it ends with a header that cannot be.
    var isMalformed = false

    mutating func begin(_ header: Frame.Header) {
        frames.append([header.kind.rawValue, header.flags, UInt8(header.detail & 0xFF), UInt8(header.detail >> 8)])
    }

    mutating func add(_ bytes: UnsafeRawBufferPointer) {
        frames[frames.count - 1] += unsafe array(bytes)
    }
}

/// Gives bytes out in pieces, as a socket does.
private struct Pieces {
    var rest: ArraySlice<UInt8>
    let sizes: [Int]
    var next = 0

    /// Puts a piece into the room and says how long it is; 0: there is nothing more.
    mutating func receive(into room: UnsafeMutableRawBufferPointer) -> Int {
        let size = sizes[next % sizes.count]
        next += 1
        let piece = rest.prefix(min(size, room.count))
        unsafe room.copyBytes(from: piece)
        rest = rest.dropFirst(piece.count)
        return piece.count
    }
}

/// Takes frames out of a window as `FrameReader` does.
private struct WindowReader {
    var window: FrameWindow
    var pieces: Pieces
    var transcript = Transcript()

    mutating func fill(_ count: Int) throws -> Bool {
        while window.count < count {
            let room = unsafe window.room(for: count)
            try require(room.count > 0, "there is room for what is missing")
            let got = unsafe pieces.receive(into: room)
            guard got > 0 else { return false }
            window.received(got)
        }
        return true
    }

    /// Takes frames until the end; what is cut there counts as not there, but for the data that came.
    mutating func run() throws {
        var announced: Frame.Kind?
        while try fill(Frame.headerSize) {
            let header: Frame.Header
            do { header = try window.takeHeader() } catch {
                try require(announced == nil, "a frame that is here has a header")
                transcript.isMalformed = true
                return
            }
            try require(announced == nil || announced == header.kind, "the following frame is the one announced")
            if announced != nil { try require(window.count >= header.length, "an announced frame is whole") }
            guard try payload(header) else { return }
            announced = window.following?.kind
        }
        try require(announced == nil, "an announced frame is there")
    }

    private mutating func payload(_ header: Frame.Header) throws -> Bool {
        if header.kind != .data, header.length <= window.capacity {
            guard try fill(header.length) else { return false }
            transcript.begin(header)
            unsafe transcript.add(window.take(header.length))
            return true
        }
        var left = header.length
        transcript.begin(header)
        var last = unsafe window.take(0)
        while left > 0 {
            if window.count == 0, try !fill(1) {
                // Only data is passed on before it is complete.
                if header.kind != .data { transcript.frames.removeLast() }
                return false
            }
            let piece = unsafe window.take(left)
            try require(piece.count > 0 && piece.count <= left, "a piece is a part of the payload")
            left -= piece.count
            unsafe transcript.add(piece)
            unsafe last = unsafe piece
        }
        return try unsafe joinSmall(last)
    }

    /// Small blocks that are here already come behind the one that was taken, which stays as it is.
    private mutating func joinSmall(_ last: UnsafeRawBufferPointer) throws -> Bool {
        var joined = unsafe last
        while let next = window.following, next.kind == .data, next.length <= 16 {
            let before = unsafe array(joined)
            guard let both = unsafe window.join(next, to: joined) else {
                throw Violation(description: "what was taken lies before the next frame")
            }
            unsafe joined = unsafe both
            try require(unsafe array(joined).starts(with: before), "what was taken stays as it is")
            transcript.begin(next)
            unsafe transcript.add(UnsafeRawBufferPointer(rebasing: joined[before.count...]))
        }
        return true
    }
}

/// The frames in bytes that lie there at once.
private func frames(_ bytes: [UInt8]) -> Transcript {
    var transcript = Transcript()
    var rest = bytes[...]
    while rest.count >= Frame.headerSize {
        guard let header = header(rest.prefix(Frame.headerSize)) else {
            transcript.isMalformed = true
            break
        }
        rest = rest.dropFirst(Frame.headerSize)
        let payload = rest.prefix(header.length)
        guard payload.count == header.length || header.kind == .data else { break }
        transcript.begin(header)
        transcript.frames[transcript.frames.count - 1] += Array(payload)
        rest = rest.dropFirst(header.length)
    }
    return transcript
}

/// What a child reads from a worker does not depend on how it comes in, nor on the size of the buffer.
func fuzzWorkerFrames(_ bytes: [UInt8]) throws {
    var input = Input(bytes)
    let capacity = Frame.headerSize + Int(input.byte())
    let sizes = [Int(input.byte()) + 1, Int(input.byte() & 15) + 1]
    let stream = input.rest()
    try checkHeader(stream)
    let expected = frames(stream)
    for sizes in [sizes, [1], [Int.max]] {
        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: capacity, alignment: 1)
        defer { unsafe memory.deallocate() }
        var reader = unsafe WindowReader(
            window: FrameWindow(memory), pieces: Pieces(rest: stream[...], sizes: sizes))
        try reader.run()
        try require(reader.transcript == expected, "pieces of \(sizes) give the same frames")
    }
    for frame in expected.frames {
        guard let kind = Frame.Kind(rawValue: frame[0]), kind == .head || kind == .hints else { continue }
        try fuzzResponseHead(Array(frame.dropFirst(4)))
    }
}

/// What a worker reads from a child does not depend on how it comes in.
func fuzzRequestFrames(_ bytes: [UInt8]) throws {
    var input = Input(bytes)
    let sizes = [Int(input.byte()) + 1, Int(input.byte() & 15) + 1]
    let wanted = Int(input.byte()) + 1
    let stream = input.rest()
    var buffer = ReceiveBuffer()
    try checkHeader(stream)
    let expected = header(stream)
    for sizes in [sizes, [Int.max]] {
        var pieces = Pieces(rest: stream[...], sizes: sizes)
        var progress = ReceiveBuffer.Progress.incomplete
        buffer.begin()
        while progress == .incomplete {
            let room = unsafe buffer.room
            try require(room.count > 0, "there is room for what is missing")
            let got = unsafe pieces.receive(into: room)
            guard got > 0 else { break }
            progress = buffer.received(got, expecting: .request)
        }
        let length = expected?.length ?? 0
        switch progress {
        case .complete:
            try require(expected?.kind == .request, "only a request is one")
            let payload = unsafe array(buffer.payload)
            try require(payload == Array(stream.dropFirst(8).prefix(length)), "the payload is what came")
            if sizes[0] == 1 || stream.count == 8 + length { try fuzzRequestHead(payload) }
        case .incomplete:
            try require(stream.count < 8 || expected?.kind == .request && stream.count < 8 + length, "more is to come")
        case .unacceptable:
            try require(expected?.kind != .request || stream.count > 8 + length, "a request is accepted")
        }
        buffer.reset()
    }
    try bodyAnswer(stream, wanted)
}

/// An answer to GO never brings more than was asked for.
private func bodyAnswer(_ stream: [UInt8], _ wanted: Int) throws {
    guard let header = header(stream) else { return }
    let received = min(stream.count - Frame.headerSize, wanted)
    switch BodyAnswer(header, room: wanted, received: received) {
    case .bytes(let count):
        try require(header.kind == .body && count == header.length, "bytes are a body")
        try require(count > 0 && count <= wanted && received <= count, "a body is not more than was asked for")
    case .end:
        try require(header.kind == .bodyEnd && header.length == 0 && received == 0, "the end has nothing behind it")
    case .abort(let detail):
        try require(header.kind == .abort && detail == header.detail && received == 0, "an abort has nothing behind it")
    case .invalid:
        let isBody = header.kind == .body && (1...wanted).contains(header.length) && received <= header.length
        let isEnd = (header.kind == .bodyEnd || header.kind == .abort) && header.length == 0 && received == 0
        try require(!isBody && !isEnd, "an answer is accepted")
    }
}

/// A control packet is its kind and its payload, and its numbers lie within.
func fuzzControlPacket(_ bytes: [UInt8]) throws {
    guard let packet = ControlPacket(bytes) else {
        let kind = bytes.prefix(4).reversed().reduce(0 as UInt32) { $0 << 8 | UInt32($1) }
        return try require(bytes.count < 4 || ControlKind(rawValue: kind) == nil, "a known kind is accepted")
    }
    try require(encoded { packet.append(to: &$0) } == bytes, "encoding gives the bytes back")
    for index in 0...packet.payload.count / 4 {
        let part = packet.payload.dropFirst(4 * index).prefix(4)
        let value = part.count == 4 ? part.reversed().reduce(0) { $0 << 8 | Int($1) } : 0
        try require(packet.number(index) == value, "number \(index) is at its place")
    }
    if let place = packet.requestPlace {
        let again = ControlPacket.inspectStack(place).requestPlace
        try require(again == place, "the place of a request is read back")
    }
    if let wanted = packet.wantedStack {
        let again = ControlPacket.stackWanted(thread: wanted.thread, id: wanted.id).wantedStack
        try require(again?.thread == wanted.thread && again?.id == wanted.id, "a wanted stack is read back")
    }
    _ = packet.stack
    let text = packet.text
    if !text.isEmpty {
        let length = packet.number(0)
        try require(text == string(Array(packet.payload.dropFirst(4).prefix(length))), "the text is the payload's")
        try require(length <= packet.payload.count - 4, "the text lies within")
    }
    if let (reason, text) = packet.retirement {
        try require(reason.rawValue == packet.payload.first && text.utf8.count <= 3 * bytes.count, "a retirement")
    }
    let reason = packet.drainReason
    let drain = ControlPacket.drain(requests: packet.number(0), total: packet.number(1), because: reason)
    try require(drain.drainReason == reason, "a reason is read back")
    try require(drain.number(0) == packet.number(0) && drain.number(1) == packet.number(1), "times are read back")
    if let script = packet.script {
        try require(ControlPacket.proven(script).script == script, "a script is read back")
    }
    if let code = packet.code {
        let again = ControlPacket.codeFailed(code.path, modified: code.modified).code
        try require(again?.path == code.path && again?.modified == code.modified, "failed code is read back")
    }
}
