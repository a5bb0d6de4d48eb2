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
    guard let network = network(word) else {
        throw Violation(description: "'\(word)' is a network")
    }
    for candidate in [text, others, network.first] {
        let isIn = unsafe lend(candidate) { unsafe list.contains($0) }
        let isExpected = parsed(candidate).map { network.contains($0.bytes) }
        try require(isIn == (isExpected ?? false), "'\(string(candidate))' in '\(word)'")
    }
}

/// What a network is meant to be: bytes of an address, those of them that count, and the address as text.
private struct Network {
    let base: [UInt8]
    let mask: [UInt8]
    let first: [UInt8]

    func contains(_ address: [UInt8]) -> Bool {
        address.count == base.count && zip(zip(address, base), mask).allSatisfy { ($0.0 ^ $0.1) & $1 == 0 }
    }
}

/// An address with a prefix length or a mask, or the first bytes of an IPv4 address.
private func network(_ word: String) -> Network? {
    let parts = word.split(separator: "/", omittingEmptySubsequences: false).map { Array($0.utf8) }
    if let base = parsed(parts[0]) {
        let width = base.bytes.count
        guard parts.count > 1 else {
            return Network(base: base.bytes, mask: [UInt8](repeating: 255, count: width), first: parts[0])
        }
        if let mask = parsed(parts[1]) {
            return mask.bytes.count == 4 && width == 4
                ? Network(base: base.bytes, mask: mask.bytes, first: parts[0]) : nil
        }
        let offset = width == 4 && string(parts[0]).contains(":") ? 96 : 0
        guard let length = Int(string(parts[1])).map({ $0 - offset }), (0...width * 8).contains(length) else {
            return nil
        }
        let mask = (0..<width).map { UInt8(truncatingIfNeeded: 0xFF00 >> min(max(length - $0 * 8, 0), 8)) }
        return Network(base: base.bytes, mask: mask, first: parts[0])
    }
    var numbers = word.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
    if numbers.last == "" { numbers.removeLast() }
    guard parts.count == 1, (1...3).contains(numbers.count) else { return nil }
    let mask = (0..<4).map { UInt8($0 < numbers.count ? 255 : 0) }
    let first = Array((numbers + ["0", "0", "0"]).prefix(4).joined(separator: ".").utf8)
    return parsed(first).map { Network(base: $0.bytes, mask: mask, first: first) }
}
