import WSGIWire

/// A request head that is accepted lies within its bytes and is what its encoding says.
func fuzzRequestHead(_ bytes: [UInt8]) throws {
    try unsafe lend(bytes) { raw in
        guard var head = unsafe try? RequestHead(raw) else { return }
        var buffer = ByteBuffer()
        var encoder = RequestHeadEncoder(
            into: &buffer, contentLength: head.contentLength, scriptModified: head.scriptModified,
            requestStart: head.requestStart, queueStart: head.queueStart)
        unsafe encoder.strings(
            script: head.script, applicationGroup: head.applicationGroup, callableObject: head.callableObject,
            requestID: head.requestID, requestLine: head.requestLine, into: &buffer)
        var cursor = EntryCursor(head)
        var size = 0
        var pathInfo: [UInt8]?
        for index in 0..<head.environCount {
            let entry = unsafe try? head.nextEntry()
            let other = unsafe cursor?.entry()
            guard let entry = unsafe entry, let other = unsafe other else {
                try unsafe require(entry == nil && other == nil, "entry \(index) is there for both readers")
                return
            }
            try unsafe require(
                array(entry.key) == array(other.key) && array(entry.value) == array(other.value),
                "entry \(index) is the same for both readers")
            unsafe size += 8 + entry.key.count + entry.value.count
            if unsafe array(entry.key) == Array("PATH_INFO".utf8) { pathInfo = unsafe array(entry.value) }
            unsafe encoder.entry(key: entry.key, value: entry.value, into: &buffer)
        }
        try unsafe require(size <= head.environ.count, "the entries lie within the environ")
        try unsafe require(head.value(of: "PATH_INFO").map(array) == pathInfo, "the last entry of a key counts")
        guard unsafe size == head.environ.count else { return }
        unsafe encoder.finish(flags: head.flags, bodyLength: head.body.count, into: &buffer)
        unsafe buffer.append(head.body)
        try unsafe require(array(buffer.bytes) == bytes, "encoding gives the bytes back")
    }
}

/// A response head that is accepted lies within its bytes, has a status line, and is what its encoding says.
func fuzzResponseHead(_ bytes: [UInt8]) throws {
    try unsafe lend(bytes) { raw in
        guard var head = unsafe try? ResponseHead(raw) else { return }
        var buffer = ByteBuffer()
        var encoder = unsafe ResponseHeadEncoder(into: &buffer, status: head.status, statusLine: head.statusLine)
        encoder.setContentLength(head.contentLength, into: &buffer)
        try unsafe require(isStatusLine(array(head.statusLine), head.status), "the status line is one, of this status")
        for _ in 0..<head.headerCount {
            guard let header = unsafe try? head.nextHeader() else { return }
            try unsafe require(encoder.header(name: header.name, value: header.value, into: &buffer), "headers fit")
        }
        try unsafe require(bytes.starts(with: array(buffer.bytes)), "encoding gives the bytes back")
    }
}

/// Whether httpd sends such a status line as it is, with nothing behind it.
func isStatusLine(_ line: [UInt8], _ status: Int) -> Bool {
    guard (100...999).contains(status), line.starts(with: Array(String(status).utf8)) else { return false }
    return line.count == 3 || line[3] == 0x20 && line.allSatisfy { $0 >= 0x20 && $0 != 0x7F }
}

/// Whether httpd sends a header of such a name: a token of RFC 9110, 5.6.2.
private func isName(_ name: [UInt8]) -> Bool {
    let letters = Array("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ".utf8)
    return !name.isEmpty && name.allSatisfy { letters.contains($0) }
}

/// Whether httpd sends a header of such a value: no control characters but the tab.
private func isValue(_ value: [UInt8]) -> Bool { value.allSatisfy { $0 >= 0x20 && $0 != 0x7F || $0 == 0x09 } }

/// What passes the rules for status and headers is what httpd sends, arrives as it was, and nothing else is refused.
func fuzzResponseRules(_ bytes: [UInt8]) throws {
    var input = Input(bytes)
    let line = input.run()
    let code = unsafe lend(line) { unsafe HeaderRules.statusCode($0) }
    let isGood = line.count >= 3 && isStatusLine(line, Int(string(Array(line.prefix(3)))) ?? 0)
    try require((code != nil) == isGood, "a status line is accepted exactly when it is one")
    var buffer = ByteBuffer()
    var encoder = unsafe lend(line) { unsafe ResponseHeadEncoder(into: &buffer, status: code ?? 200, statusLine: $0) }
    var declared: Int64 = -1
    var sent: [[[UInt8]]] = []
    while !input.isEmpty {
        let (name, value) = (input.run(), input.run())
        let before = declared
        let fault = unsafe lend(name) { name in
            unsafe lend(value) { value in
                unsafe encoder.header(checking: name, value: value, declaredLength: &declared, into: &buffer)
            }
        }
        let isLength = string(name).lowercased() == "content-length"
        switch fault {
        case nil:
            try require(isName(name) && isValue(value), "what passes is sent by httpd")
            try require(isLength || declared == before, "only a Content-Length declares one")
            try require(!isLength || before == -1 || before == declared, "there is one Content-Length")
            sent.append([name, isLength ? digits(value) : value])
            if isLength { try require(Int64(string(digits(value))) == declared, "the length is the header's") }
        case .name: try require(!isName(name), "a token is accepted")
        case .value: try require(!isValue(value), "a value is accepted")
        case .hopByHop:
            try require(hopByHop.contains(string(name).lowercased()), "a header of the response is accepted")
        case .contentLength:
            let number = digits(value)
            let isNumber = (1...18).contains(number.count) && number.allSatisfy { (0x30...0x39).contains($0) }
            let isSame = before < 0 || Int64(string(number)) == before
            try require(isLength && !(isNumber && isSame), "a Content-Length is accepted")
        case .count, .size: throw Violation(description: "so few headers are accepted")
        }
        if fault != nil { try require(declared == before, "what is refused declares nothing") }
    }
    encoder.setContentLength(declared, into: &buffer)
    guard let code else { return }
    try unsafe lend(array(buffer.bytes)) { raw in
        var head = try unsafe ResponseHead(raw)
        try unsafe require(head.status == code && array(head.statusLine) == line, "the status arrives")
        try require(head.contentLength == declared && head.headerCount == sent.count, "the counts arrive")
        for pair in sent {
            let header = try unsafe head.nextHeader()
            try unsafe require([array(header.name), array(header.value)] == pair, "the headers arrive")
        }
    }
}

/// A Content-Length without spaces and sign.
private func digits(_ value: [UInt8]) -> [UInt8] {
    var rest = value.drop { $0 == 0x20 }
    while rest.last == 0x20 { rest.removeLast() }
    if rest.first == UInt8(ascii: "+") { rest.removeFirst() }
    return Array(rest)
}

/// The headers that PEP 3333 keeps from applications.
private let hopByHop: Set<String> = [
    "connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "te", "trailer", "trailers",
    "transfer-encoding", "upgrade",
]
