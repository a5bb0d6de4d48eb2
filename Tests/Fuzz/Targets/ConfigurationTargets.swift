import WSGIConfig
import WSGICore

/// All directives by their names, for speed.
private let directives = Dictionary(
    uniqueKeysWithValues: DirectiveTable.all.map { ($0.name.description.lowercased(), $0) })

/// Settings as httpd has them while it reads a configuration.
private struct Settings {
    var main = ServerSettings()
    var host = ServerSettings()
    var directory = DirectorySettings()

    /// What can be compared of them.
    struct Facts: Equatable {
        var global: [GlobalSettings]
        var directories: [DirectorySettings]
        var processes: [[GroupDefinition]]
        var counts: [Int]
    }

    var facts: Facts {
        Facts(
            global: [main.global, host.global], directories: [main.directory, host.directory, directory],
            processes: [main.groupDefinitions, host.groupDefinitions],
            counts: [main, host].flatMap { [$0.scriptAliases.count, $0.ownAliases.count, $0.importScripts.count] })
    }

    static let places: [StatementContext.Section] = [
        .mainServer, .virtualHost, .directory, .htaccess, .interpreterOptions,
    ]

    /// Applies a statement; the message when it is refused.
    mutating func apply(_ directive: Directive, _ arguments: [UInt8], _ place: StatementContext.Section, line: Int)
        -> String?
    {
        let location = SourceLocation(file: "site.conf", line: line)
        let context = StatementContext(place, serverName: place == .virtualHost ? "example.org" : nil)
        return unsafe lend(arguments) { raw in
            do throws(ConfigError) {
                if place == .virtualHost {
                    try unsafe directive.apply(
                        rawArguments: raw, at: location, in: context, server: &host, directory: &directory)
                } else {
                    try unsafe directive.apply(
                        rawArguments: raw, at: location, in: context, server: &main, directory: &directory)
                }
                return nil
            } catch { return error.description }
        }
    }
}

/// A statement that is refused says why and changes nothing; what is accepted can be merged and resolved.
func fuzzConfiguration(_ bytes: [UInt8]) throws {
    var settings = Settings()
    for (number, line) in bytes.split(separator: 0x0A).prefix(24).enumerated() {
        let place = Settings.places[Int(line.first ?? 0) % Settings.places.count]
        let name = line.dropFirst().prefix { $0 != 0x20 }
        guard let directive = directives[string(Array(name)).lowercased()] else { continue }
        let before = settings.facts
        let arguments = Array(line.dropFirst(name.count + 2))
        if let message = settings.apply(directive, arguments, place, line: number + 1) {
            try require(settings.facts == before, "'\(directive.name)' that is refused changes nothing")
            try require(message.count > directive.name.utf8CodeUnitCount, "the message says why")
        } else {
            try require(!directive.isRemoved, "\(directive.name) is gone")
            try require(String(validating: arguments, as: UTF8.self) != nil, "only text is accepted")
        }
    }
    try merging(settings)
    let main = settings.main
    for definition in main.groupDefinitions { _ = main.global.interpreters(of: definition) }
    _ = main.global.embeddedInterpreters
    _ = main.global.python
}

private func merging(_ settings: Settings) throws {
    let (outer, inner) = (settings.main.directory, settings.directory)
    try require(outer.merged(under: DirectorySettings()) == outer, "nothing said inside changes nothing")
    try require(DirectorySettings().merged(under: inner) == inner, "nothing said outside changes nothing")
    let merged = outer.merged(under: inner)
    let source = DirectorySettings.source(server: outer, directory: inner)
    if source == .server { try require(merged == outer, "the server's settings are the effective ones") }
    if source == .directory { try require(merged == inner, "the directory's settings are the effective ones") }
    try require(merged.merged(under: inner) == merged, "merging twice is merging once")
    let host = settings.main.merged(under: settings.host)
    try require(host.global == settings.main.global, "what concerns the whole server is the same everywhere")
    try require(
        host.scriptAliases.count == settings.main.scriptAliases.count + settings.host.scriptAliases.count,
        "all aliases are tried")
}

/// The options of a process group, printed, are the same options.
func fuzzDaemonOptions(_ bytes: [UInt8]) throws {
    guard let directive = directives["wsgidaemonprocess"] else { return }
    var settings = Settings()
    let message = settings.apply(directive, Array("group ".utf8) + bytes, .mainServer, line: 1)
    guard let definition = settings.main.groupDefinitions.first else {
        return try require(
            message?.contains("WSGIDaemonProcess") ?? false, "a message names the directive: \(message ?? "")")
    }
    let options = definition.options
    try require(message == nil && definition.name == "group", "a definition is accepted")
    try require((1...DaemonOptionTable.maximumProcesses).contains(options.processes), "the processes are in range")
    var again = Settings()
    let printed = "group \(options.text)"
    let refusal = again.apply(directive, Array(printed.utf8), .mainServer, line: 1)
    try require(refusal == nil, "what is printed is accepted: \(printed): \(refusal ?? "")")
    try require(again.main.groupDefinitions.first?.options == options, "what is printed is read back: \(printed)")
    // The same definition may stand twice, another one not.
    try require(
        settings.apply(directive, Array(printed.utf8), .mainServer, line: 2) == nil, "the same definition is the same")
    for option in DaemonOptionTable.all where option.isWritten(in: options) {
        try require(!option.print(options).isEmpty, "an option that was written has a value")
    }
    let plan = settings.main.global.interpreters(of: definition)
    try require(plan.interpreter.pythonPath == options.pythonPath, "python-path= is for all interpreters of the group")
}

/// What one interpreter gets, found in a simpler way: the last word of the most specific section.
private func expected(_ global: GlobalSettings, _ group: String, _ application: String) -> InterpreterSettings {
    let sections = global.interpreterBlocks.filter {
        ($0.processGroup ?? group) == group && ($0.applicationGroup ?? application) == application
    }
    let ordered = [2, 1, 0].flatMap { specificity in
        sections.reversed().filter {
            ($0.processGroup == nil ? 0 : 1) + ($0.applicationGroup == nil ? 0 : 1) == specificity
        }
    }
    let layers = ordered.map(\.settings) + [global.interpreter]
    var result = InterpreterSettings()
    result.perInterpreterGIL = layers.lazy.compactMap(\.perInterpreterGIL).first
    result.freeThreading = layers.lazy.compactMap(\.freeThreading).first
    result.switchInterval = layers.lazy.compactMap(\.switchInterval).first
    result.pythonPath = layers.flatMap(\.pythonPath)
    result.restrictStdin = layers.lazy.compactMap(\.restrictStdin).first
    result.restrictStdout = layers.lazy.compactMap(\.restrictStdout).first
    result.restrictSignal = layers.lazy.compactMap(\.restrictSignal).first
    return result
}

/// Sections are laid over each other as documented, and the plan of a process says the same as each interpreter's settings.
func fuzzInterpreterSettings(_ bytes: [UInt8]) throws {
    var settings = Settings()
    for (number, line) in bytes.split(separator: 0x0A).prefix(24).enumerated() {
        let isSection = line.first == UInt8(ascii: "<")
        let isInside = line.first == UInt8(ascii: " ")
        let text = isInside ? line.dropFirst() : line
        let name = text.prefix { $0 != 0x20 }
        guard let directive = directives[string(Array(name)).lowercased()] else { continue }
        let place: StatementContext.Section = isInside && !isSection ? .interpreterOptions : .mainServer
        _ = settings.apply(directive, Array(text.dropFirst(name.count + 1)), place, line: number + 1)
    }
    let global = settings.main.global
    let groups = Set(global.interpreterBlocks.compactMap(\.processGroup)).union(["", "other"])
    let applications = Set(global.interpreterBlocks.compactMap(\.applicationGroup)).union(["", "other"])
    for group in groups {
        let options = GroupDefinition(
            name: group, options: DaemonOptions(), location: SourceLocation(file: "site.conf", line: 1), isGlobal: true)
        let plan = group.isEmpty ? global.embeddedInterpreters : global.interpreters(of: options)
        for application in applications {
            let own = expected(global, group, application)
            let found = global.interpreterSettings(
                ofProcessGroup: group, applicationGroup: application, base: global.interpreter)
            try require(found == own, "settings of '\(group)', '\(application)'")
            let spec = plan.interpreters.first { $0.applicationGroup == application }?.interpreter ?? plan.interpreter
            try require(spec.restrictsStdin == own.restrictStdin ?? false, "stdin of '\(group)', '\(application)'")
            try require(spec.restrictsStdout == own.restrictStdout ?? false, "stdout of '\(group)', '\(application)'")
            try require(spec.restrictsSignal == own.restrictSignal ?? true, "signals of '\(group)', '\(application)'")
            try require(spec.hasOwnGIL == own.perInterpreterGIL ?? false, "GIL of '\(group)', '\(application)'")
            if group.isEmpty { try require(spec.pythonPath == own.pythonPath, "path of '\(application)'") }
        }
    }
}
