internal import WSGIConfig
internal import WSGICore

/// Finds applications that no request reaches, because another directive takes all of their URLs first.
///
/// httpd tries mod_proxy first, then mod_alias, then this module, which uses the first of its own aliases that matches.
/// Only prefixes are compared, because it is not certain which URLs a regular expression covers.
enum HiddenAliases {
    private static let proxies: Set<String> = ["proxypass", "proxypassmatch"]

    static func find(_ facts: ConfigFacts) -> [Finding] {
        var isOptional = false
        // `no-proxy` excludes requests from mod_proxy.
        facts.tree.forEach { node, _ in if node.arguments.lowercased().contains("no-proxy") { isOptional = true } }
        let first = OwnAliases(facts)
        return RequestChecks.everywhere(facts) { mount in
            (isOptional ? nil : proxy(mount)) ?? alias(mount) ?? first.finding(mount)
        }
    }

    /// `Alias` and `ScriptAlias` take precedence, regardless of their place.
    private static func alias(_ mount: ConfigFacts.Mount) -> Finding? {
        let found = directives(["alias", "scriptalias"], mount).first { node in
            node.words.count == 2 && covers(node.words[0], mount.alias)
        }
        guard let found, let directive = found.words.first else { return nil }
        return finding(
            mount,
            "'\(name(of: found)) \(directive)' at \(found.location) takes all of its URLs first, regardless of the "
                + "order of the lines. Remove that line, or limit it to URLs of files, such as /static.")
    }

    /// `ProxyPass` without an exception.
    private static func proxy(_ mount: ConfigFacts.Mount) -> Finding? {
        let all = directives(proxies, mount)
        // An exception for a part of the URLs, or for a regular expression, may exclude the application from the proxy.
        let isExcepted = all.contains { node in
            guard node.words.contains("!") else { return false }
            return node.name == "proxypassmatch" || node.words[0] == "~" || mount.alias.isPattern
                || covers(node.words[0], mount.alias) || node.words[0].hasPrefix(mount.alias.urlPath.string)
        }
        let found = all.first { node in
            node.name == "proxypass" && node.words.count >= 2 && covers(node.words[0], mount.alias)
        }
        guard !isExcepted, let found, let path = found.words.first else { return nil }
        let remedy =
            mount.alias.isPattern
            ? "Remove that line, or limit it to other URLs."
            : "Add before it: ProxyPass \(mount.alias.urlPath.string) !"
        return finding(
            mount,
            "'ProxyPass \(path)' at \(found.location) forwards all of its URLs to another server first. \(remedy)")
    }

    fileprivate static func finding(_ mount: ConfigFacts.Mount, _ text: String) -> Finding {
        Finding(
            .applicationHidden, at: mount.alias.location, "\(mount.title): no request will reach it, because \(text)")
    }

    /// The directives of a mount's server, outside of sections.
    private static func directives(_ names: Set<String>, _ mount: ConfigFacts.Mount) -> [ConfigTree.Node] {
        let sections = [mount.host.section, mount.sample.tree.mainServer].compactMap(\.self)
        return sections.flatMap { $0.children(of: names).all.filter { !$0.isSection } }
    }

    /// Whether a prefix of mod_alias or mod_proxy covers all URLs of an alias.
    private static func covers(_ prefix: String, _ alias: ScriptAlias) -> Bool {
        let other = ScriptAlias(urlPath: prefix, target: "", location: alias.location)
        return covers(other, alias)
    }

    /// Whether an alias covers all URLs of another one.
    fileprivate static func covers(_ one: ScriptAlias, _ other: ScriptAlias) -> Bool {
        guard !one.isPattern, one.urlPath.string.hasPrefix("/") else { return false }
        // All texts that a regular expression matches begin with a slash.
        if one.urlPath.string.allSatisfy({ $0 == "/" }) { return true }
        guard !other.isPattern else { return false }
        return unsafe other.urlPath.withBytes { unsafe one.match($0) } != nil
    }

    private static func name(of node: ConfigTree.Node) -> String { node.name == "alias" ? "Alias" : "ScriptAlias" }
}

/// The aliases of this module, of which the first match is used.
private struct OwnAliases {
    /// The aliases of each server.
    private let indices: [AliasIndex]

    init(_ facts: ConfigFacts) { indices = facts.hosts.map { AliasIndex($0.settings.scriptAliases) } }

    func finding(_ mount: ConfigFacts.Mount) -> Finding? {
        let aliases = mount.host.settings.scriptAliases
        guard let found = first(mount), aliases[found] !== mount.alias,
            let index = aliases.firstIndex(where: { $0 === mount.alias }), found < index
        else { return nil }
        let other = aliases[found]
        // The same line twice, for example in a file that is included twice.
        guard HiddenAliases.covers(other, mount.alias), other.target != mount.alias.target else { return nil }
        return HiddenAliases.finding(
            mount,
            "WSGIScriptAlias '\(other.urlPath.string)' at \(other.location) comes first and takes all of its URLs. Move "
                + "this line before that one.")
    }

    private func first(_ mount: ConfigFacts.Mount) -> Int? {
        let text = mount.alias.isPattern ? "/" : mount.alias.urlPath.string
        return unsafe ConfigText(text).withBytes { unsafe indices[mount.host.index].first($0) }
    }
}
