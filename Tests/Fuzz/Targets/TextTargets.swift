import WSGIConfig

/// Words as httpd's `ap_getword_conf` splits them: a quote only at the beginning of a word, nothing special after `=`.
private struct PlainWords {
    private var rest: ArraySlice<UInt8>

    init(_ bytes: [UInt8]) { rest = bytes[...] }

    static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }

    mutating func next() -> [UInt8]? {
        rest = rest.drop(while: Self.isSpace)
        guard let first = rest.first else { return nil }
        let backslash = UInt8(ascii: "\\")
        let quote = first == UInt8(ascii: "\"") || first == UInt8(ascii: "'") ? first : nil
        if quote != nil { rest = rest.dropFirst() }
        var word: [UInt8] = []
        while let byte = rest.first, quote.map({ byte != $0 }) ?? !Self.isSpace(byte) {
            let following = rest.dropFirst().first
            let isEscape = byte == backslash && (following == backslash || quote != nil && following == quote)
            if isEscape { rest = rest.dropFirst() }
            word.append(isEscape ? following ?? byte : byte)
            rest = rest.dropFirst()
        }
        if quote != nil { rest = rest.dropFirst() }
        return word
    }
}

/// Words are split as httpd does, a word that is printed is read back, and options are split at the first `=`.
func fuzzWords(_ bytes: [UInt8]) throws {
    let text = string(bytes)
    let words: [Words.Word]
    do throws(ConfigError) { words = try Words(text, of: "Statement").all } catch {
        try require(error.description.hasPrefix("Statement: "), "the message says where")
        try require(text.utf8.contains(0x22) || text.utf8.contains(0x27), "only quotes can be wrong")
        return
    }
    // By bytes: a combining mark makes another character of a quote, for String.
    let units = Array(text.utf8)
    let hasQuotedValue = zip(units, units.dropFirst()).contains { $0 == 0x3D && ($1 == 0x22 || $1 == 0x27) }
    if !hasQuotedValue {
        var plain = PlainWords(units)
        for word in words { try require(plain.next() == Array(word.text.utf8), "'\(word.text)' is httpd's word") }
        try require(plain.next() == nil, "there are no more words")
    }
    let printed = words.map { Words.quoted($0.text) }.joined(separator: " ")
    let again = try Words(printed, of: "Statement").all
    try require(again.map(\.text) == words.map(\.text), "printed words are read back")
    for (word, other) in zip(words, again) {
        guard let (key, value) = word.option else {
            try require(!word.text.utf8.contains(0x3D), "'\(word.text)' has a key")
            continue
        }
        try require("\(key)=\(value)" == word.text && !key.utf8.contains(0x3D), "'\(word.text)' is key and value")
        try require(other.option?.key == key && other.option?.value == value, "printed options are read back")
    }
}

/// The variables of a file have names, no zeros, can be written and read back; no message shows the contents.
func fuzzEnvironmentFile(_ bytes: [UInt8]) throws {
    let variables: [EnvironmentVariable]
    do throws(ConfigError) { variables = try EnvironmentFile.variables(in: bytes, path: "FILE") } catch {
        return try fuzzEnvironmentError(bytes, error.description)
    }
    for variable in variables {
        try require(EnvironmentVariable.isName(variable.name), "'\(variable.name)' is a name")
        try require(!variable.value.utf8.contains(0), "a value has no zero")
    }
    let plain = variables.flatMap { variable in
        [Array("\(variable.name)=\"".utf8)]
            + variable.value.utf8.map { "\"\\`$".utf8.contains($0) ? [UInt8(ascii: "\\"), $0] : [$0] } + [[0x22, 0x0A]]
    }.flatMap(\.self)
    if !plain.contains(0x0D) {
        try require(try EnvironmentFile.variables(in: plain, path: "FILE") == variables, "what is written is read back")
    }
    if !bytes.contains(0x0D) {
        let ended = bytes.flatMap { $0 == 0x0A ? [0x0D, $0] : [$0] }
        let again = try EnvironmentFile.variables(in: ended, path: "FILE")
        try require(again == variables, "the ends of lines may be those of Windows")
    }
}

private func fuzzEnvironmentError(_ bytes: [UInt8], _ message: String) throws {
    let reasons = [
        "the value is not text in UTF-8", "there is no '=' in it", "this is not a shell script: remove 'export'",
        "the text before '=' is not a name: use letters, digits and '_', and no digit first",
        "the quote that begins in it is not closed",
    ]
    let parts = message.split(separator: ":", maxSplits: 2)
    try require(parts.count == 3 && parts[0] == "FILE", "the message names the file")
    let lines = 1 + bytes.count { $0 == 0x0A || $0 == 0x0D }
    try require((1...lines).contains(Int(parts[1]) ?? 0), "the message names a line of the file")
    try require(
        reasons.contains { parts[2] == " \($0). Each line must be NAME=value, as in systemd's EnvironmentFile." },
        "the message shows nothing of the file: \(message)")
}

/// Bytes that stay while a group expression is evaluated.
@safe private struct Request: ExpansionSource {
    let serverName: UnsafeRawBufferPointer
    let hostName: UnsafeRawBufferPointer
    let port: UInt16
    let scriptName: UnsafeRawBufferPointer
    let ignoresCase: Bool
    let value: UnsafeRawBufferPointer?
    let isAsked: (UnsafeRawBufferPointer) -> Void

    func variable(_ name: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer? {
        unsafe isAsked(name)
        return unsafe value
    }

    /// The value of an expression in a buffer of `room` bytes; `nil`: it does not fit.
    func value(of expression: GroupExpression, room: Int) throws -> [UInt8]? {
        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: room, alignment: 1)
        defer { unsafe memory.deallocate() }
        guard let count = unsafe expression.write(for: self, into: memory) else { return nil }
        try require(count <= room, "no more is written than there is room")
        return unsafe Array(memory.prefix(count))
    }
}

/// The value of a group expression takes exactly its room, and is what the configuration says.
func fuzzGroupExpression(_ bytes: [UInt8]) throws {
    var input = Input(bytes)
    let options = input.byte()
    let port = UInt16(input.byte()) << 8 | UInt16(input.byte())
    let role: GroupExpression.Role = options & 1 == 0 ? .group : .callableObject
    let text = string(input.text())
    let (server, host, script, value) = (input.text(), input.text(), input.text(), input.text())
    let expression = GroupExpression(text, role: role)
    try unsafe lend(server) { server in
        try unsafe lend(host) { host in
            try unsafe lend(script) { script in
                try unsafe lend(value) { value in
                    var asked: [[UInt8]] = []
                    let request = unsafe Request(
                        serverName: server, hostName: host, port: port, scriptName: script,
                        ignoresCase: options & 2 != 0, value: options & 4 != 0 ? value : nil,
                        isAsked: { unsafe asked.append(array($0)) })
                    let most = server.count + host.count + script.count + value.count + text.utf8.count + 32
                    guard let whole = try request.value(of: expression, room: most) else {
                        throw Violation(description: "a value is not longer than its parts")
                    }
                    let exact = try request.value(of: expression, room: whole.count)
                    try require(exact == whole, "an exact room is enough")
                    if !whole.isEmpty {
                        let tight = try request.value(of: expression, room: whole.count - 1)
                        try require(tight == nil, "less room is not enough")
                    }
                    try check(expression, text, whole, asked)
                }
            }
        }
    }
}

private func check(_ expression: GroupExpression, _ text: String, _ value: [UInt8], _ asked: [[UInt8]]) throws {
    if let fixed = expression.staticText { try require(value == Array(fixed.utf8), "a static text is the value") }
    if !text.hasPrefix("%") { try require(value == Array(text.utf8), "a literal stands for itself") }
    if expression.isLiteral { try require(asked.isEmpty, "a literal asks for nothing") }
    for name in asked {
        try require(expression.kind == .environment && !name.isEmpty, "only %{ENV:name} asks for a variable")
        try require(
            Array("%{ENV:".utf8) + name + [UInt8(ascii: "}")] == Array(text.utf8), "the name is the one written")
    }
    if expression.role == .callableObject, expression.isLiteral {
        try require(!value.isEmpty || text.isEmpty, "a name")
    }
}

/// An alias covers the URIs that begin with it, whatever the number of slashes.
func fuzzScriptAlias(_ bytes: [UInt8]) throws {
    var input = Input(bytes)
    let path = string(input.text())
    let uri = input.rest()
    let alias = ScriptAlias(urlPath: path, target: "/app.wsgi", location: SourceLocation(file: "site.conf", line: 1))
    let place = unsafe lend(uri) { unsafe alias.match($0) }
    let (short, whole) = (collapsed(Array(path.utf8)), collapsed(uri))
    let slash = UInt8(ascii: "/")
    let isCovered =
        short.first == slash && whole.starts(with: short)
        && (short.last == slash || whole.count == short.count || whole[short.count] == slash)
    try require((place != nil) == isCovered, "an alias covers what begins with it")
    guard let place else { return }
    if short == [slash] { return try require(place == 0, "the root takes the whole URI") }
    try require((0...uri.count).contains(place), "the rest lies within the URI")
    try require(collapsed(Array(uri[..<place])) == short, "what is before the rest is the alias")
    if short.last == slash { try require(place == uri.count || uri[place] != slash, "the slashes belong to the alias") }
}

private func collapsed(_ path: [UInt8]) -> [UInt8] {
    var result: [UInt8] = []
    for byte in path where byte != UInt8(ascii: "/") || result.last != byte { result.append(byte) }
    return result
}
