import Glibc
import WSGIConfig

/// What the C library takes the text for: the bytes of an address, and its canonical text.
private func parsed(_ text: [UInt8]) -> (bytes: [UInt8], canonical: String)? {
    guard !text.contains(0), text.count < 100 else { return nil }
    for family in [AF_INET, AF_INET6] {
        var room = [UInt8](repeating: 0, count: family == AF_INET ? 4 : 16)
        let terminated = (text + [0]).map { CChar(bitPattern: $0) }
        guard unsafe inet_pton(family, terminated, &room) == 1 else { continue }
        if room.count == 16, room.prefix(10).allSatisfy({ $0 == 0 }), room[10] == 0xFF, room[11] == 0xFF {
            room.removeFirst(12)
        }
        var canonical = [CChar](repeating: 0, count: 64)
        _ = unsafe inet_ntop(room.count == 4 ? AF_INET : AF_INET6, room, &canonical, socklen_t(canonical.count))
        return (room, string(canonical.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }))
    }
    return nil
}

/// Addresses are those of `inet_pton`, and a network holds those that begin with the same bits.
func fuzzAddresses(_ bytes: [UInt8]) throws {
    var input = Input(bytes)
    let text = input.text()
    let expected = parsed(text)
    let address = unsafe lend(text) { unsafe IPAddress($0) }
    try require((address != nil) == (expected != nil), "'\(string(text))' is an address as inet_pton sees it")
    if let expected, let address {
        try require(address == IPAddress(expected.canonical), "the canonical text is the same address")
        try require(address.isIPv4 == (expected.bytes.count == 4), "the family is the same")
    }
    let word = string(input.text())
    let others = input.text()
    guard let list = try? AddressList([word]) else { return }
    try require(list.description == word, "a network prints as it was written")
    try require(try AddressList([word, word]).description == "\(word) \(word)", "words are kept")
    let parts = word.split(separator: "/", omittingEmptySubsequences: false)
    guard let base = parsed(Array(parts[0].utf8)) else {
        throw Violation(description: "the base of a network is an address")
    }
    let written = parts.count > 1 ? Int(parts[1]) ?? -1 : nil
    let offset = base.bytes.count == 4 && parts[0].contains(":") ? 96 : 0
    let length = written.map { $0 - offset } ?? base.bytes.count * 8
    try require((0...base.bytes.count * 8).contains(length), "the prefix lies within the address")
    for candidate in [text, others, Array(parts[0].utf8)] {
        let isIn = unsafe lend(candidate) { unsafe list.contains($0) }
        let other = parsed(candidate)?.bytes
        let isExpected = other.map { $0.count == base.bytes.count && bits($0, length) == bits(base.bytes, length) }
        try require(isIn == (isExpected ?? false), "'\(string(candidate))' in '\(word)'")
    }
}

private func bits(_ bytes: [UInt8], _ length: Int) -> [Bool] {
    (0..<length).map { bytes[$0 / 8] >> UInt8(7 - $0 % 8) & 1 == 1 }
}
