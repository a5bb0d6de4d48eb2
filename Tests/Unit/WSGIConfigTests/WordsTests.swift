import Testing

@testable import WSGIConfig

struct WordsTests {
    static func split(_ arguments: String) throws -> [String] {
        try Words(arguments, of: "Test").all.map(\.text)
    }

    @Test(arguments: [
        ("", []),
        ("  \t ", []),
        ("one", ["one"]),
        (" one\ttwo  three ", ["one", "two", "three"]),
        (#""a b" c"#, ["a b", "c"]),
        ("'a b' c", ["a b", "c"]),
        (#""it's" 'a "b"'"#, ["it's", #"a "b""#]),
        (#""a \"b\" c""#, [#"a "b" c"#]),
        (#"'a \'b'"#, ["a 'b"]),
        (#""a \'b""#, [#"a \'b"#]),
        (#""a\\""#, [#"a\"#]),
        (#"a\b a\\b"#, [#"a\b"#, #"a\b"#]),
        (#""a\b""#, [#"a\b"#]),
        (#"a\ b"#, [#"a\"#, "b"]),
        (#"key="a b" next"#, ["key=a b", "next"]),
        ("key='a b'", ["key=a b"]),
        (#"key="a \"b\"""#, [#"key=a "b""#]),
        (#""key=a b""#, ["key=a b"]),
        (#"key=a"b"#, [#"key=a"b"#]),
        (#"it's o"k"#, ["it's", #"o"k"#]),
        (#"a=b="c d""#, [#"a=b="c"#, #"d""#]),
        (#"key="" "" ''"#, ["key=", "", ""]),
        ("é=ü ñ", ["é=ü", "ñ"]),
    ])
    func splits(arguments: String, words: [String]) throws {
        #expect(try Self.split(arguments) == words)
    }

    @Test(arguments: [
        ("key=value", "key", "value"), ("key=", "key", ""), ("=value", "", "value"), ("a=b=c", "a", "b=c"),
        (#"key="a=b c""#, "key", "a=b c"), (#""key=a b""#, "key", "a b"), ("é=ü", "é", "ü"),
    ])
    func wordIsOption(word: String, key: String, value: String) throws {
        let option = try #require(try Words(word, of: "Test").all.first?.option)
        #expect(option.key == key)
        #expect(option.value == value)
    }

    @Test(arguments: ["word", #""a b""#, #""""#])
    func wordIsNoOption(word: String) throws {
        #expect(try Words(word, of: "Test").all.first?.option == nil)
    }

    @Test(arguments: [
        (#""a b"#, "not closed"), ("key='a b", "not closed"), (#""a\""#, "not closed"), (#"""#, "not closed"),
        (#""a"b"#, "space after the closing quote"), (#"key="a"b"#, "space after the closing quote"),
    ])
    func brokenQuotesAreRefused(arguments: String, message: String) {
        do throws(ConfigError) {
            _ = try Words(arguments, of: "Test")
            Issue.record("accepted: \(arguments)")
        } catch {
            #expect(error.description.contains(message))
            #expect(error.description.hasPrefix("Test"))
        }
    }

    @Test func quotedTextIsReadBack() throws {
        var generator = Generator(seed: 1)
        for _ in 0..<5000 {
            let text = generator.text(0...12)
            #expect(try Self.split(Words.quoted(text)) == [text])
            #expect(try Self.split("key=" + Words.quoted(text)) == ["key=" + text])
        }
    }

    @Test func anyArgumentsEndInWordsOrAnError() {
        var generator = Generator(seed: 2)
        for _ in 0..<5000 { _ = try? Words(generator.text(0...30), of: "Test") }
    }
}
