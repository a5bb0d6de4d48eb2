import Testing

@testable import WSGIConfig

struct ScriptAliasTests {
    static func rest(_ alias: String, _ uri: String) -> String? {
        let alias = ScriptAlias(
            urlPath: alias, target: "/srv/app.wsgi", location: SourceLocation(file: "site.conf", line: 1))
        return unsafe withBytes(uri) { bytes in
            unsafe alias.match(bytes).map { offset in unsafe String(decoding: bytes[offset...], as: UTF8.self) }
        }
    }

    @Test(arguments: [
        ("/foo", "/foo", ""),
        ("/foo", "/foo/", "/"),
        ("/foo", "/foo/bar", "/bar"),
        ("/foo", "//foo", ""),
        ("/foo", "///foo//bar", "//bar"),
        ("//foo", "/foo/bar", "/bar"),
        ("/foo/bar", "/foo//bar/x", "/x"),
        ("/foo//bar", "/foo/bar", ""),
        ("/foo/", "/foo/", ""),
        ("/foo/", "/foo/bar", "bar"),
        ("/foo/", "/foo//bar", "bar"),
        ("/foo//", "/foo/bar", "bar"),
        ("/", "/", "/"),
        ("/", "/foo", "/foo"),
        ("/", "//foo", "//foo"),
        ("//", "/foo", "/foo"),
        ("/ä b", "/ä b/c", "/c"),
    ])
    func covers(alias: String, uri: String, rest: String) {
        #expect(Self.rest(alias, uri) == rest)
    }

    @Test(arguments: [
        ("/foo", "/foobar"), ("/foo", "/fo"), ("/foo", "/"), ("/foo", ""), ("/foo", "/Foo"), ("/foo", "/bar/foo"),
        ("/foo/", "/foo"), ("/foo/bar", "/foo"), ("/foo/bar", "/foobar"), ("/", ""), ("/", "*"), ("/", "foo"),
        ("/foo", "foo"), ("/foo", "http://host/foo"), ("/foo/bar", "/foo/"), ("/foo", "/f//oo"),
    ])
    func doesNotCover(alias: String, uri: String) {
        #expect(Self.rest(alias, uri) == nil)
    }
}
