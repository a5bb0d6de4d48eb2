import Glibc
import WSGICore

@testable import WSGIConfig
@testable import WSGIDeployment

/// A configuration in httpd's syntax, read without httpd: its tree, and the settings of its servers.
struct HandMade {
    static let file = "/etc/site.conf"

    private(set) var nodes: [ConfigTree.Node] = []
    private(set) var places = [ConfigFacts.HostLocation(title: "the main server", location: nil)]
    private var main = ServerSettings()
    private var hosts: [(name: String?, settings: ServerSettings)] = []
    private var lines: [(number: Int, text: String)]

    init(_ text: String) throws {
        lines = text.split(separator: "\n", omittingEmptySubsequences: false).enumerated()
            .map { ($0 + 1, String($1.drop { $0 == " " })) }.filter { !$1.isEmpty }.reversed()
        nodes = try read(in: [])
    }

    var tree: ConfigTree { ConfigTree(nodes) }

    var servers: [ConfiguredServer] {
        [ConfiguredServer(host: HostIdentity(isMain: true, name: nil), settings: main)]
            + hosts.map {
                ConfiguredServer(
                    host: HostIdentity(isMain: false, name: $0.name), settings: main.merged(under: $0.settings))
            }
    }

    var global: GlobalSettings { main.global }
    var groups: [GroupDefinition] { main.groupDefinitions }

    private mutating func read(in sections: [String]) throws -> [ConfigTree.Node] {
        var found: [ConfigTree.Node] = []
        while let (number, text) = lines.popLast(), !text.hasPrefix("</") {
            let isSection = text.hasPrefix("<")
            let words = text.drop { $0 == "<" }.split(separator: " ", maxSplits: 1).map(String.init)
            var name = words[0].lowercased()
            var arguments = words.count > 1 ? words[1] : ""
            if isSection {
                if let end = arguments.lastIndex(of: ">") { arguments = String(arguments[..<end]) }
                if name.hasSuffix(">") { name.removeLast() }
            }
            let location = SourceLocation(file: Self.file, line: number)
            var children: [ConfigTree.Node] = []
            if isSection {
                if name == "virtualhost" { hosts.append((nil, ServerSettings())) }
                children = try read(in: sections + [name])
                if name == "virtualhost" {
                    places.append(ConfigFacts.HostLocation(title: hosts.last?.name ?? "unnamed", location: location))
                }
            } else {
                try apply(name, arguments, location, in: sections)
            }
            found.append(
                ConfigTree.Node(
                    name: name, isSection: isSection, arguments: arguments, location: location, children: children,
                    compile: { Expression($0) }))
        }
        return found
    }

    private mutating func apply(
        _ name: String, _ arguments: String, _ location: SourceLocation, in sections: [String]
    ) throws {
        if name == "servername", sections == ["virtualhost"] { hosts[hosts.count - 1].name = arguments }
        guard let directive = DirectiveTable.directive(named: name) else { return }
        let isInHost = sections.first == "virtualhost"
        let isInside = sections.contains { $0 != "virtualhost" && !$0.hasPrefix("if") }
        let context = StatementContext(isInside ? .directory : isInHost ? .virtualHost : .mainServer)
        var settings = isInHost ? hosts[hosts.count - 1].settings : main
        var directory = DirectorySettings()
        try directive.apply(arguments, at: location, in: context, server: &settings, directory: &directory)
        if isInHost { hosts[hosts.count - 1].settings = settings } else { main = settings }
    }
}

/// A regular expression of the C library.
@safe final class Expression: RegularExpression {
    private var compiled = unsafe regex_t()

    init?(_ pattern: String) {
        guard unsafe regcomp(&compiled, pattern, REG_EXTENDED | REG_NOSUB) == 0 else { return nil }
    }

    deinit { unsafe regfree(&compiled) }

    func matches(_ text: String) -> Bool { unsafe regexec(&compiled, text, 0, nil, 0) == 0 }
}
