extension TelemetryService {
    /// `WSGITelemetryService unix:/path [interval=seconds]`.
    static func apply(_ statement: Statement, to global: inout GlobalSettings) throws(ConfigError) {
        let directive = statement.directive
        guard let address = statement.words.first?.text, address.hasPrefix("unix:/"), address != "unix:/" else {
            throw ConfigError("\(directive) needs the address of a socket: \(directive) unix:/path [interval=seconds].")
        }
        var interval = 1.0
        if statement.words.count > 1 {
            let (name, value) = try statement.option(statement.words[1], of: directive)
            guard name == "interval" else { throw unknownOption(name, of: directive, known: ["interval"]) }
            let kind = ValueKind<Double?>.duration(atLeast: 0.5)
            interval = try kind.value(of: value, for: "\(directive): interval=") ?? interval
        }
        if statement.words.count > 2 {
            throw ConfigError("\(directive): nothing may follow interval=, but '\(statement.words[2].text)' does.")
        }
        global.telemetryService = TelemetryService(socket: String(address.dropFirst(5)), interval: interval)
    }
}

extension TelemetryOptions {
    private static let names: [(name: String, option: TelemetryOptions)] = [("CaptureUserAgent", .captureUserAgent)]

    /// `WSGITelemetryOptions [+|-]flag... | None | All`.
    static func apply(_ statement: Statement, to global: inout GlobalSettings) throws(ConfigError) {
        let directive = statement.directive
        guard !statement.words.isEmpty else { throw ConfigError("\(directive) needs flags, None or All.") }
        let words = statement.words.map(\.text).filter { !$0.isEmpty }
        let signed = words.filter { $0.hasPrefix("+") || $0.hasPrefix("-") }
        guard signed.isEmpty || signed.count == words.count else {
            throw ConfigError(
                "\(directive): flags with + or - cannot be mixed with others, such as '\(signed[0])' here.")
        }
        var result = signed.isEmpty ? [] : global.telemetryOptions
        for word in words {
            let name = signed.isEmpty ? word : String(word.dropFirst())
            let flags = try flags(name, isSigned: !signed.isEmpty, directive)
            if word.hasPrefix("-") { result.subtract(flags) } else { result.formUnion(flags) }
        }
        global.telemetryOptions = result
    }

    private static func flags(_ word: String, isSigned: Bool, _ directive: String) throws(ConfigError) -> Self {
        if let known = names.first(where: { $0.name.lowercased() == word.lowercased() }) { return known.option }
        if !isSigned && word.lowercased() == "none" { return [] }
        if !isSigned && word.lowercased() == "all" { return names.reduce(into: []) { $0.formUnion($1.option) } }
        throw ConfigError(
            "\(directive): '\(word)' is not a flag; flags are \(names.map(\.name).joined(separator: ", ")), or None or "
                + "All without a sign.")
    }
}
