import Testing
import WSGIConfig

@testable import WSGIDeployment

extension DeploymentTests {
    struct ConfigTreeTests {
        private static func tree(_ text: String) throws -> ConfigTree { try HandMade(text).tree }

        /// A main server and a virtual host.
        private static let example = """
            Timeout 60
            <Directory "/srv/a/">
                Require all granted
                <Files *.py>
                    Require all denied
                </Files>
            </Directory>
            <VirtualHost *:80>
                Timeout 61
                Alias /x "/srv/x y" option=1 other='a b'
            </VirtualHost>
            Timeout 62
            """

        @Test func hostsStandBesideTheMainServer() throws {
            let tree = try Self.tree(Self.example)
            #expect(tree.nodes.map(\.name) == ["timeout", "directory", "virtualhost", "timeout"])
            #expect(tree.mainServer.children.map(\.name) == ["timeout", "directory", "timeout"])
            #expect(tree.virtualHosts.map(\.key.line) == [8])
            #expect(tree.last("timeout")?.arguments == "62")
            #expect(tree.last("directory") == nil && tree.last("alias") == nil)
        }

        @Test func everythingIsVisitedInOrder() throws {
            var visited: [String] = []
            try Self.tree(Self.example).forEach { node, within in
                visited.append((within.map(\.name) + [node.name]).joined(separator: "/"))
            }
            #expect(
                visited == [
                    "timeout", "directory", "directory/require", "directory/files", "directory/files/require",
                    "virtualhost", "virtualhost/timeout", "virtualhost/alias", "timeout",
                ])
        }

        @Test func argumentsAreWords() throws {
            let alias = try #require(Self.tree(Self.example).virtualHosts.values.first?.children.last)
            #expect(alias.words.prefix(2) == ["/x", "/srv/x y"])
            #expect(alias.option("option") == "1" && alias.option("other") == "a b" && alias.option("/x") == nil)
        }

        @Test func childrenAreThoseThatContainAName() throws {
            let tree = try Self.tree(Self.example)
            func names(_ wanted: String...) -> [Int] {
                tree.mainServer.children(of: Set(wanted)).all.map(\.location.line)
            }
            #expect(names("timeout") == [1, 12] && names("require") == [2] && names("files") == [2])
            #expect(names("require", "timeout") == [1, 2, 12] && names("alias").isEmpty)
            // The answer that is kept is that to the same question.
            #expect(names("timeout") == [1, 12])
        }

        @Test(
            arguments: [
                (["/", "/srv", "/srv/a"], "/shop/cart", [1, 2, 4, 7, 8, 9, 10]),
                (["/", "/srv"], "/shop", [1, 4, 7, 10]),
                (["/"], "/shopping", [1, 4, 10]),
                (["/"], "/shop/", [1, 4, 7, 8, 10]),
                (["/"], nil, [1, 4, 6, 7, 8, 9, 10]),
            ] as [([String], String?, [Int])])
        func sectionsThatCanConcernARequest(directories: [String], url: String?, places: [Int]) throws {
            let sections = [
                "<Directory /s*>", "<Directory /srv/a/>", "<Directory /srv/b>", "<DirectoryMatch b>",
                "<Directory /srv/a/deeper>", "<Location /other>", "<Location /shop>", "<Location /shop/>",
                "<Location /shop/cart>", "<Location /*>",
            ]
            let text = sections.map { "\($0)\n</Section>" }.joined(separator: "\n")
            let tree = try Self.tree(text)
            let names: Set<String> = ["directory", "directorymatch", "location"]
            let found = tree.mainServer.children(of: names).concerning(directories, url)
            #expect(found.map { ($0.location.line + 1) / 2 } == places)
        }

        // MARK: - SectionPattern

        @Test func patternIsATextOrAnExpression() throws {
            func pattern(_ section: String, _ words: String...) -> SectionPattern? {
                SectionPattern(section: section, words) { Expression($0) }
            }
            guard case .text("/srv/*") = pattern("directory", "/srv/*") else { Issue.record("no text"); return }
            for (section, words) in [("directorymatch", ["^/srv/"]), ("directory", ["~", "^/srv/"])] {
                guard case .regex(let regex) = SectionPattern(section: section, words, { Expression($0) }) else {
                    Issue.record("no expression")
                    continue
                }
                #expect(regex.matches("/srv/a") && !regex.matches("/a/srv/"))
            }
            #expect(
                pattern("directory") == nil && pattern("directory", "~") == nil && pattern("filesmatch", "(") == nil)
            #expect(["a*", "a?", "[a]"].allSatisfy(SectionPattern.hasWildcard) && !SectionPattern.hasWildcard("/a.b"))
        }

        // MARK: - SampleRequest

        /// Sections around `X a` and `X b`, and which is in effect for `/` and `/srv/site/app.wsgi`: nil: neither, ?: unknown.
        @Test(arguments: [
            ("X a", "a"), ("", "-"), ("X a|X b", "b"),
            ("<Directory /srv/site>|X a|</Directory>", "a"), ("<Directory /srv/site/>|X a|</Directory>", "a"),
            ("<Directory />|X a|</Directory>", "a"), ("<Directory /srv/site/deeper>|X a|</Directory>", "-"),
            ("<Directory /srv/si>|X a|</Directory>", "-"), ("<Directory /srv/s?te>|X a|</Directory>", "a"),
            ("<Directory /*>|X a|</Directory>", "a"), ("<Directory /x*>|X a|</Directory>", "-"),
            // Longer paths count more, whatever the order.
            ("<Directory /srv/site>|X a|</Directory>|<Directory />|X b|</Directory>", "a"),
            ("<Directory /srv>|X a|</Directory>|<Directory /srv>|X b|</Directory>", "b"),
            // Expressions come after, and are for the whole path.
            ("<DirectoryMatch site>|X a|</DirectoryMatch>|<Directory /srv/site>|X b|</Directory>", "a"),
            ("<Directory ~ app.wsgi$>|X a|</Directory>", "a"), ("<DirectoryMatch ^/x>|X a|</DirectoryMatch>", "-"),
            ("<Files app.wsgi>|X a|</Files>|<Directory /srv/site>|X b|</Directory>", "a"),
            ("<Files *.wsgi>|X a|</Files>", "a"), ("<Files app>|X a|</Files>", "-"),
            ("<FilesMatch ^app>|X a|</FilesMatch>", "a"), ("<FilesMatch ^ht>|X a|</FilesMatch>", "-"),
            ("<Directory /srv>|<Files app.*>|X a|</Files>|</Directory>", "a"),
            ("<Directory /x>|<Files app.*>|X a|</Files>|</Directory>", "-"),
            ("<Location />|X a|</Location>|<Files app.wsgi>|X b|</Files>", "a"),
            ("<Location /x>|X a|</Location>", "-"), ("<Location /*>|X a|</Location>", "a"),
            ("<LocationMatch ^/$>|X a|</LocationMatch>|<Location />|X b|</Location>", "b"),
            ("<If true>|X a|</If>", "?"), ("X a|<If true>|X b|</If>", "?"), ("<Unknown>|X a|</Unknown>", "?"),
            ("<Limit GET>|X a|</Limit>", "?"), ("<Proxy *>|X a|</Proxy>", "-"),
            ("<Directory /x>|<If true>|X a|</If>|</Directory>", "-"),
            ("<WSGIInterpreterOptions>|X a|</WSGIInterpreterOptions>", "-"),
            ("<VirtualHost *>|X a|</VirtualHost>|X b", "a"), ("<VirtualHost *>|</VirtualHost>|X b", "b"),
            ("<VirtualHost *>|X a|</VirtualHost>|<Location />|X b|</Location>", "b"),
        ])
        func directiveInEffect(text: String, expected: String) throws {
            let tree = try Self.tree(text.split(separator: "|").joined(separator: "\n"))
            let sample = SampleRequest(
                tree: tree, host: tree.virtualHosts.values.first, url: "/", path: "/srv/site/app.wsgi",
                isDirectory: false)
            #expect(sample.directories == ["/", "/srv", "/srv/site"])
            #expect(Self.shown(sample.effect(of: "x")) == expected)
        }

        /// A location for `/shop` and requests for a URL, or for any URL of an expression.
        @Test(
            arguments: [
                ("/shop", "/shop", "a"), ("/shop", "/shop/cart", "a"), ("/shop", "/shopping", "-"), ("/shop", "/", "-"),
                ("/shop/", "/shop/", "a"), ("/shop/", "/shop", "-"), ("/shop", nil, "?"), ("/s*p", "/shop", "a"),
                ("/s*p", "/shop/x", "-"),
            ] as [(String, String?, String)])
        func locationOfAURL(location: String, url: String?, expected: String) throws {
            let tree = try Self.tree("<Location \(location)>\nX a\n</Location>")
            let sample = SampleRequest(tree: tree, host: nil, url: url, path: "/srv/app.wsgi", isDirectory: false)
            #expect(Self.shown(sample.effect(of: "x")) == expected)
        }

        @Test func fileOfADirectoryIsNotKnown() throws {
            for section in ["<Files a>", "<DirectoryMatch a>"] {
                let tree = try Self.tree("\(section)\nX a\n</Files>")
                let sample = SampleRequest(tree: tree, host: nil, url: "/", path: "/srv/scripts", isDirectory: true)
                #expect(sample.directories == ["/", "/srv", "/srv/scripts"])
                #expect(Self.shown(sample.effect(of: "x")) == "?", "\(section)")
            }
        }

        @Test func appliedDirectivesKnowTheirSections() throws {
            let tree = try Self.tree(
                "<Files *>\n<If true>\nX a\n</If>\n</Files>\nY b\n<Directory />\nY c\n</Directory>")
            let sample = SampleRequest(tree: tree, host: nil, url: "/", path: "/srv/app.wsgi", isDirectory: false)
            let found = sample.applying(["x", "y"])
            #expect(found.map(\.node.arguments) == ["b", "c", "a"])
            #expect(found.map(\.certainty) == [.yes, .yes, .perhaps])
            #expect(found.map { $0.sections.map(\.name) } == [[], ["directory"], ["files", "if"]])
        }

        private static func shown(_ effect: SampleRequest.Effect) -> String {
            switch effect {
            case .absent: "-"
            case .node(let node): node.arguments
            case .unknown: "?"
            }
        }
    }

    struct TextTableTests {
        @Test func columnsLineUp() {
            var table = TextTable(["a", "bb", "c"])
            table.append(["longer", "", "x"])
            table.append(["y"])
            #expect(table.lines(indent: "> ") == ["> a       bb  c", "> longer      x", "> y"])
        }

        @Test func noLineEndsInSpaces() {
            var table = TextTable(["title", "title"])
            table.append(["x", ""])
            #expect(table.lines(indent: "") == ["title  title", "x"])
        }
    }
}
