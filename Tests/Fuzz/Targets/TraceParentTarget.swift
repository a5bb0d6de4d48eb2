import WSGIWire

/// Whether a header is valid, written down field by field.
private func isValid(_ header: [UInt8]) -> Bool {
    let fields = header.split(separator: UInt8(ascii: "-"), maxSplits: 4, omittingEmptySubsequences: false)
    guard fields.count >= 4, zip(fields, [2, 32, 16, 2]).allSatisfy({ $0.count == $1 }) else { return false }
    let digits = Set("0123456789abcdef".utf8)
    guard fields.prefix(4).allSatisfy({ $0.allSatisfy(digits.contains) }) else { return false }
    let version = string(Array(fields[0]))
    guard version != "ff", version != "00" || fields.count == 4 else { return false }
    return fields[1...2].allSatisfy { $0.contains { $0 != UInt8(ascii: "0") } }
}

/// A header is valid as its fields are, its trace id is the second of them, and a new header is valid.
func fuzzTraceParent(_ bytes: [UInt8]) throws {
    let found = unsafe lend(bytes) { unsafe TraceParent.traceID(of: $0).map { unsafe array($0) } }
    try require((found != nil) == isValid(bytes), "'\(string(bytes))' is valid as its fields are")
    if let found { try require(found == Array(bytes[3..<35]), "the trace id is the second field") }
    let numbers = stride(from: 0, to: 24, by: 8).map { start in
        bytes.dropFirst(start).prefix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    }
    let room = UnsafeMutableRawBufferPointer.allocate(byteCount: TraceParent.length, alignment: 1)
    defer { unsafe room.deallocate() }
    unsafe TraceParent.write((numbers[0], numbers[1], numbers[2]), into: room)
    try require(isValid(unsafe array(UnsafeRawBufferPointer(room))), "a new header is valid")
}
