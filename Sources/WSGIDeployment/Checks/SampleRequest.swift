internal import Glibc
internal import WSGIConfig

/// A request for the URL of an alias. It decides, without httpd, which sections apply.
///
/// Only `<If>` and sections of unknown modules depend on more than the URL and the file.
struct SampleRequest {
    /// Whether the directives of a section are in effect.
    enum Certainty: Comparable {
        case no
        case perhaps
        case yes
    }

    /// A directive that applies to the request.
    struct Applying {
        /// The directive.
        let node: ConfigTree.Node
        /// Whether it certainly applies.
        let certainty: Certainty
        /// Its enclosing sections, outermost first, without `<VirtualHost>`.
        let sections: [ConfigTree.Node]
        /// The precedence: the larger one is applied later.
        fileprivate let order: [Int]
    }

    /// The effect of a directive.
    enum Effect {
        /// No such directive applies.
        case absent
        /// This directive applies.
        case node(ConfigTree.Node)
        /// Depends on the request.
        case unknown
    }

    /// The configuration.
    let tree: ConfigTree
    /// The section of the virtual host; `nil`: the main server.
    let host: ConfigTree.Node?
    /// The URL path; `nil`: any path that a regular expression matches.
    let url: String?
    /// The script file, or the directory that is searched for scripts.
    let path: String
    /// Whether `path` is a directory.
    let isDirectory: Bool
    /// The directories that httpd walks through, from the root to the script's own.
    let directories: [String]

    init(tree: ConfigTree, host: ConfigTree.Node?, url: String?, path: String, isDirectory: Bool) {
        self.tree = tree
        self.host = host
        self.url = url
        self.path = path
        self.isDirectory = isDirectory
        var parts = path.split(separator: "/").map(String.init)
        if !isDirectory { _ = parts.popLast() }
        directories = ["/"] + parts.indices.map { "/" + parts[...$0].joined(separator: "/") }
    }

    /// The effect of the last directive of this name that applies.
    func effect(of name: String) -> Effect {
        let found = applying([name])
        guard let last = found.last else { return .absent }
        return found.contains { $0.certainty == .perhaps } ? .unknown : .node(last.node)
    }

    /// All directives and sections of these names that apply, in ascending order of precedence.
    func applying(_ names: Set<String>) -> [Applying] {
        var found: [Applying] = []
        func visit(_ section: ConfigTree.Node, _ sections: [ConfigTree.Node], _ certainty: Certainty, _ order: [Int]) {
            for node in section.children(of: names).concerning(directories, url) {
                if names.contains(node.name) {
                    found.append(
                        Applying(node: node, certainty: certainty, sections: sections, order: order + [found.count]))
                }
                guard node.isSection, let (decided, rank) = decision(on: node) else { continue }
                let both = min(certainty, decided)
                guard both > .no else { continue }
                visit(node, sections + [node], both, max(order, rank, by: { $0.lexicographicallyPrecedes($1) }))
            }
        }
        visit(tree.mainServer, [], .yes, [0, 0])
        if let host { visit(host, [], .yes, [0, 1]) }
        return found.sorted { $0.order.lexicographicallyPrecedes($1.order) }
    }

    /// Whether a section applies, and its position in httpd's order; `nil` if it has no directives for requests.
    private func decision(on section: ConfigTree.Node) -> (Certainty, rank: [Int])? {
        switch section.name {
        case "virtualhost", "wsgiinterpreteroptions": return nil
        case "directory", "directorymatch": return directory(section)
        case "files", "filesmatch": return (files(section), [3, 0])
        case "location", "locationmatch": return (location(section), [4, 0])
        case "limit", "limitexcept": return (.perhaps, [0, 2])
        case "proxy", "proxymatch": return (.no, [0, 0])
        default: return (.perhaps, [5, 0])
        }
    }

    private func directory(_ section: ConfigTree.Node) -> (Certainty, rank: [Int]) {
        guard let pattern = section.pattern else { return (.perhaps, [2, 0]) }
        switch pattern {
        case .regex(let regex):
            // httpd compares the whole file name, although the section is named Directory.
            return (isDirectory ? .perhaps : regex.matches(path) ? .yes : .no, [2, 0])
        case .text(let text):
            let wanted = text.count > 1 && text.hasSuffix("/") ? String(text.dropLast()) : text
            let isMatch = directories.contains { $0 == wanted || Self.fits(wanted, $0) }
            return (isMatch ? .yes : .no, [1, wanted.split(separator: "/").count])
        }
    }

    private func files(_ section: ConfigTree.Node) -> Certainty {
        guard let pattern = section.pattern, !isDirectory else { return .perhaps }
        let name = path.split(separator: "/").last.map(String.init) ?? ""
        switch pattern {
        case .regex(let regex): return regex.matches(name) ? .yes : .no
        case .text(let text): return text == name || Self.fits(text, name) ? .yes : .no
        }
    }

    private func location(_ section: ConfigTree.Node) -> Certainty {
        guard let pattern = section.pattern, let url else { return .perhaps }
        switch pattern {
        case .regex(let regex): return regex.matches(url) ? .yes : .no
        case .text(let text):
            if SectionPattern.hasWildcard(text) { return Self.fits(text, url) ? .yes : .no }
            let rest = url.dropFirst(text.count)
            return url.hasPrefix(text) && (text.hasSuffix("/") || rest.isEmpty || rest.hasPrefix("/")) ? .yes : .no
        }
    }

    private static func fits(_ pattern: String, _ text: String) -> Bool {
        unsafe SectionPattern.hasWildcard(pattern) && fnmatch(pattern, text, FNM_PATHNAME) == 0
    }
}

private func max<Value>(_ one: Value, _ other: Value, by precedes: (Value, Value) -> Bool) -> Value {
    precedes(one, other) ? other : one
}
