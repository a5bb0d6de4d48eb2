public import WSGIConfig

/// The configuration as it was written: httpd's own tree of the directives that are in effect.
///
/// `<IfModule>`, `<IfDefine>` and `Include` are already resolved. Directives that httpd executes while it reads the
/// configuration, such as `LoadModule`, are not in the tree.
public struct ConfigTree {
    /// A directive, or a section with its contents.
    public final class Node {
        /// The directive's name in lower case, without the `<` of a section.
        let name: String
        /// Whether it is a section.
        let isSection: Bool
        /// Its arguments as written, without the `>` of a section.
        let arguments: String
        /// Its index in the configuration.
        let location: SourceLocation
        /// The contents of the section.
        let children: [Node]
        /// The names of everything in the section, at any depth.
        let contents: Set<String>
        /// Cached results of `children(of:)`.
        private var selections: [Set<String>: Selection] = [:]
        /// The pattern in the section's arguments; `nil` if there is none.
        private(set) lazy var pattern = SectionPattern(section: name, words, compile)

        /// Compiles regular expressions.
        let compile: RegularExpression.Compile

        /// A directive or a section.
        public init(
            name: String, isSection: Bool, arguments: String, location: SourceLocation, children: [Node],
            compile: @escaping RegularExpression.Compile
        ) {
            self.compile = compile
            self.name = name
            self.isSection = isSection
            self.arguments = arguments
            self.location = location
            self.children = children
            contents = children.reduce(into: []) { $0.formUnion($1.contents.union([$1.name])) }
        }

        /// The children of these names, and those that contain some. Cached, because thousands of aliases may call it.
        func children(of names: Set<String>) -> Selection {
            if let known = selections[names] { return known }
            let found = Selection(
                children.filter { node in
                    names.contains(node.name) || node.isSection && !names.isDisjoint(with: node.contents)
                })
            selections[names] = found
            return found
        }

        /// The arguments as words, without their quotes.
        private(set) lazy var words: [String] = (try? Words(arguments, of: name))?.all.map(\.text) ?? []

        /// The value of an option `name=value` among the arguments.
        func option(_ name: String) -> String? {
            (try? Words(arguments, of: self.name))?.all.lazy.compactMap(\.option).first { $0.key == name }?.value
        }
    }

    /// Some children of a section, in order. There may be a `<Directory>` or a `<Location>` for each alias.
    final class Selection {
        /// All of them.
        let all: [Node]
        /// The indices in `all` of children that may apply to any request.
        private var general: [Int] = []
        /// The indices of `<Directory>` and `<Location>` sections of one path, by path.
        private var directories: [String: [Int]] = [:]
        private var locations: [String: [Int]] = [:]

        init(_ nodes: [Node]) {
            all = nodes
            for (index, node) in nodes.enumerated() {
                switch node.isSection ? node.pattern : nil {
                case .text(let text) where node.name == "directory" && !SectionPattern.hasWildcard(text):
                    let path = text.count > 1 && text.hasSuffix("/") ? String(text.dropLast()) : text
                    directories[path, default: []].append(index)
                case .text(let text) where node.name == "location" && !SectionPattern.hasWildcard(text):
                    locations[text, default: []].append(index)
                default: general.append(index)
                }
            }
        }

        /// The children that can apply to a request for a file in these directories and for a URL; `nil`: any URL.
        func concerning(_ paths: [String], _ url: String?) -> [Node] {
            guard !directories.isEmpty || !locations.isEmpty else { return all }
            var indices = general
            for path in paths { indices += directories[path, default: []] }
            if let url {
                for text in locations.isEmpty ? [] : Self.beginnings(of: url) {
                    indices += locations[text, default: []]
                }
            } else {
                for found in locations.values { indices += found }
            }
            return indices.sorted().map { all[$0] }
        }

        /// The paths of all `<Location>` sections without wildcards that can apply to a URL.
        private static func beginnings(of url: String) -> [String] {
            let text = url.utf8
            var found: [String] = []
            var index = text.startIndex
            while true {
                let isAfterSlash = index > text.startIndex && text[text.index(before: index)] == UInt8(ascii: "/")
                let isAtEnd = index == text.endIndex
                if isAtEnd || isAfterSlash || text[index] == UInt8(ascii: "/") { found.append(String(url[..<index])) }
                guard !isAtEnd else { return found }
                index = text.index(after: index)
            }
        }
    }

    /// The directives outside of all sections, and the sections.
    let nodes: [Node]
    /// A section with the same contents, but without virtual hosts.
    let mainServer: Node
    /// The virtual hosts, by their indices in the configuration.
    let virtualHosts: [SourceLocation: Node]

    /// The tree of these directives and sections.
    public init(_ nodes: [Node]) {
        self.nodes = nodes
        let isHost = { (node: Node) in node.isSection && node.name == "virtualhost" }
        mainServer = Node(
            name: "", isSection: true, arguments: "", location: SourceLocation(file: "", line: 0),
            children: nodes.filter { !isHost($0) }, compile: { _ in nil })
        virtualHosts = Dictionary(nodes.filter(isHost).map { ($0.location, $0) }) { first, _ in first }
    }

    /// The last directive of this name outside of all sections, which is the one in effect.
    func last(_ name: String) -> Node? { mainServer.children(of: [name]).all.last { !$0.isSection } }

    /// Whether a text is in the arguments of any directive.
    public func mentions(_ text: String) -> Bool {
        var isFound = false
        forEach { node, _ in isFound = isFound || node.arguments.contains(text) }
        return isFound
    }

    /// Visits every directive and section, with its enclosing sections, outermost first.
    func forEach(_ body: (Node, _ within: [Node]) -> Void) {
        var within: [Node] = []
        func visit(_ nodes: [Node]) {
            for node in nodes {
                body(node, within)
                guard !node.children.isEmpty else { continue }
                within.append(node)
                visit(node.children)
                within.removeLast()
            }
        }
        visit(nodes)
    }
}
