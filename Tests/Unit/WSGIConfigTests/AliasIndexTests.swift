import Testing
import WSGIConfig

private let location = SourceLocation(file: "httpd.conf", line: 1)

private func aliases(_ paths: [String]) -> [ScriptAlias] {
    paths.map { ScriptAlias(urlPath: $0, isPattern: $0.hasPrefix("^"), target: "/srv/app.wsgi", location: location) }
}

private func first(_ index: AliasIndex, _ uri: String) -> Int? {
    var uri = uri
    return uri.withUTF8 { unsafe index.first(UnsafeRawBufferPointer($0)) }
}

/// The same without an index.
private func linear(_ aliases: [ScriptAlias], _ uri: String) -> Int? {
    var uri = uri
    return uri.withUTF8 { bytes in
        aliases.firstIndex { unsafe !$0.isPattern && $0.match(UnsafeRawBufferPointer(bytes)) != nil }
    }
}

struct AliasIndexTests {
    @Test func indexAgreesWithTryingAll() {
        let parts = ["", "a", "b", "ab", "a/b", "a//b", "a/", "//", "b/a/", "a/b/c", "a.b", "é"]
        let paths = parts.map { "/" + $0 }
        let uris = paths + paths.flatMap { one in paths.map { one + $0 } } + ["", "a", "/a/bc", "/abc"]
        // Every order of a few, so that each of them comes before each other one.
        for start in paths.indices {
            let configured = aliases(Array(paths[start...] + paths[..<start]))
            let index = AliasIndex(configured)
            for uri in uris { #expect(first(index, uri) == linear(configured, uri), "\(uri)") }
            let without = aliases(Array((paths[start...] + paths[..<start]).filter { $0.contains("a") }))
            let other = AliasIndex(without)
            for uri in uris { #expect(first(other, uri) == linear(without, uri), "\(uri)") }
        }
    }

    @Test func patternsAreKeptInOrder() {
        let index = AliasIndex(aliases(["^/x", "/a", "^/y", "/"]))
        #expect(index.patterns == [0, 2])
        #expect(first(index, "/a/b") == 1 && first(index, "/x") == 3)
    }

    @Test func thousandsAreFound() {
        let index = AliasIndex(aliases((0..<5_000).map { "/sites/site\($0)" }))
        for place in [0, 17, 4_999] { #expect(first(index, "/sites/site\(place)/page") == place) }
        #expect(first(index, "/sites/site5000") == nil && first(index, "/sites") == nil && first(index, "/") == nil)
        #expect(first(AliasIndex([]), "/") == nil)
    }
}
