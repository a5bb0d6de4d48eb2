import WSGIConfig

/// Headers by which proxies tell of the client, for one request.
@safe private struct Headers: ForwardedHeaders {
    private let memory: [UnsafeMutableRawBufferPointer?]

    init(_ values: [[UInt8]?]) {
        unsafe memory = values.map { value in
            guard let value else { return nil }
            let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: value.count, alignment: 1)
            unsafe copy.copyBytes(from: value)
            return unsafe copy
        }
    }

    func deallocate() {
        for index in unsafe memory.indices { unsafe memory[index]?.deallocate() }
    }

    func value(of header: TrustedHeader) -> UnsafeRawBufferPointer? {
        unsafe memory[Int(header.rawValue)].map { UnsafeRawBufferPointer($0) }
    }

    /// Whether bytes lie within the value of one of these headers.
    func hold(_ part: UnsafeRawBufferPointer?, of categories: [TrustedHeader.Category], _ trusted: [TrustedHeader])
        -> Bool
    {
        guard let part = unsafe part else { return true }
        return trusted.contains { header in
            guard categories.contains(header.category), let value = unsafe value(of: header),
                let start = value.baseAddress, let first = part.baseAddress
            else { return false }
            return unsafe first >= start && first + part.count <= start + value.count
        }
    }
}

/// Only what trusted proxies say is believed, and every value is a part of a header that may say it.
func fuzzForwarded(_ bytes: [UInt8]) throws {
    var input = Input(bytes)
    let trusted = (0..<Int(input.byte() & 7)).map { _ in
        TrustedHeader.allCases[Int(input.byte()) % TrustedHeader.count]
    }
    let networks = input.text()
    let proxies = networks.isEmpty ? nil : try? AddressList(string(networks).split(separator: " ").map(String.init))
    let peer = input.text()
    let present = Int(input.byte()) << 8 | Int(input.byte())
    let values = (0..<TrustedHeader.count).map { present >> $0 & 1 == 1 ? input.text() : nil }
    try elements(values[0] ?? [], proxies ?? AddressList())
    let headers = Headers(values)
    defer { headers.deallocate() }
    let isTrusted = proxies.map { list in unsafe lend(peer) { unsafe list.contains($0) } } ?? true
    let request = unsafe lend(peer) {
        unsafe ForwardedRequest(trusted: trusted, proxies: proxies, peer: $0, headers: headers)
    }
    let told = trusted.reduce(into: TrustedHeaderSet()) { $0.formUnion(.synonyms(of: $1)) }
    try require(request.removed.isSubset(of: told), "headers nobody is trusted with are left alone")
    guard isTrusted else {
        try require(request.removed == told && request.isHTTPS == nil, "a peer that is not trusted is not believed")
        return try unsafe require(
            request.client == nil && request.forwardedFor == nil && request.host == nil && request.serverName == nil
                && request.port == nil && request.scriptName == nil, "nor is anything else that it says")
    }
    try unsafe require(
        headers.hold(request.client, of: [.client], trusted) && headers.hold(request.host, of: [.host], trusted)
            && headers.hold(request.forwardedFor, of: [.client], trusted)
            && headers.hold(request.serverName, of: [.server], trusted)
            && headers.hold(request.port, of: [.port], trusted)
            && headers.hold(request.scriptName, of: [.script], trusted), "values are parts of trusted headers")
    try unsafe require(request.client?.isEmpty != true && request.host?.isEmpty != true, "an empty value says nothing")
    // Of the headers that tell about the same at most one reaches the application.
    for header in trusted {
        let kept = TrustedHeaderSet.synonyms(of: header).subtracting(request.removed)
        try require(kept.rawValue.nonzeroBitCount <= 1, "one of the headers of \(header) is left")
        try require(
            kept.isEmpty || trusted.contains { kept.has($0) && values[Int($0.rawValue)] != nil }, "a trusted one")
    }
    if let chain = unsafe request.forwardedFor.map({ unsafe array($0) }),
        let client = unsafe request.client.map({ unsafe array($0) })
    {
        try require(chain.starts(with: client), "the chain begins with the client")
    }
}

/// The elements of a header without the spaces around them, as a simpler reader sees them.
private func elements(of value: [UInt8]) -> [[UInt8]] {
    let isSpace = { (byte: UInt8) in byte == 0x20 || byte == 0x09 }
    return value.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: true).map { part in
        var part = part.drop(while: isSpace)
        while let last = part.last, isSpace(last) { part.removeLast() }
        return Array(part)
    }.filter { !$0.isEmpty }
}

/// The client is the element that the trusted proxies tell of, and a chain is written as it was read.
private func elements(_ value: [UInt8], _ proxies: AddressList) throws {
    let expected = elements(of: value)
    try unsafe lend(value) { raw in
        let header = unsafe ForwardedFor(raw)
        try unsafe require(header.first.map(array) == expected.first, "the first element is the first")
        let isTrusted = { (element: [UInt8]) in unsafe lend(element) { unsafe proxies.contains($0) } }
        let client = expected.last { !isTrusted($0) } ?? expected.first
        try unsafe require(header.client(behind: proxies).map(array) == client, "the client is left of the proxies")
        let room = UnsafeMutableRawBufferPointer.allocate(byteCount: 2 * value.count, alignment: 1)
        defer { unsafe room.deallocate() }
        let count = unsafe header.write(into: room)
        let written = unsafe Array(room.prefix(count))
        try require(written == Array(expected.joined(separator: Array(", ".utf8))), "the elements are written")
    }
}
