import Testing
import WSGIConfig

struct EnvironmentFileTests {
    static func read(_ text: String) throws(ConfigError) -> [String] {
        try EnvironmentFile.variables(in: Array(text.utf8), path: "/etc/app.env").map { "\($0.name)=\($0.value)" }
    }

    static func error(_ bytes: [UInt8]) -> String {
        do throws(ConfigError) {
            return "accepted: \(try EnvironmentFile.variables(in: bytes, path: "/etc/app.env").count)"
        } catch {
            return error.description
        }
    }

    // What systemd 254 makes of the same files.
    static let files: [(text: String, variables: [String])] = [
        ("", []),
        ("A=b", ["A=b"]),
        ("A=b\n", ["A=b"]),
        ("A=1\nB=2\nA=3\n", ["A=1", "B=2", "A=3"]),
        ("# comment\n; another\n\n   \nA=b", ["A=b"]),
        ("  A=b  \n\tB = c\n", ["A=b", "B=c"]),
        ("A=\nB=''\nC=\"\"\n", ["A=", "B=", "C="]),
        ("A=one two\t three \n", ["A=one two\t three"]),
        ("A=x=y#z;\n", ["A=x=y#z;"]),
        ("A='one  two '\n", ["A=one  two "]),
        ("A='it''s'\n", ["A=its"]),
        ("A='back\\slash'\n", ["A=back\\slash"]),
        ("A='two\nlines'\nB=c\n", ["A=two\nlines", "B=c"]),
        ("A=\"two\nlines\"\n", ["A=two\nlines"]),
        (#"A="a\"b\\c\$d\`e\nf""#, [#"A=a"b\c$d`e\nf"#]),
        ("A=\"joined \\\nline\"\n", ["A=joined line"]),
        ("A=joined \\\nline\nB=c\n", ["A=joined line", "B=c"]),
        ("A=\\\nb\n", ["A=b"]),
        (#"A=a\ b\\c\"d\n"#, [#"A=a b\c"dn"#]),
        ("A=end\\ \n", ["A=end "]),
        ("A=\"x\"y'z' \n", ["A=xy'z'"]),
        ("A=\"x\" 'y' z\n", ["A=xyz"]),
        ("A=it's\nB=c\n", ["A=it's", "B=c"]),
        ("A=\"x\" # no comment\n", ["A=x# no comment"]),
        ("# a comment is not continued \\\nA=b\n", ["A=b"]),
        ("A=b\r\nB='c\r\nd'\r\n", ["A=b", "B=c\nd"]),
        ("A=b\rB=c", ["A=b", "B=c"]),
        ("\u{FEFF}A=b\n", ["A=b"]),
        ("A=b\\", ["A=b"]),
        ("A=schön €\n", ["A=schön €"]),
        ("a_1=x\n_=y\n", ["a_1=x", "_=y"]),
    ]

    @Test(arguments: files.indices) func fileIsReadAsSystemdReadsIt(index: Int) throws {
        let file = Self.files[index]
        #expect(try Self.read(file.text) == file.variables, "\(file.text)")
    }

    // A secret stands where contents could come into the message.
    static let wrong: [(text: String, line: Int, word: String)] = [
        ("secret\n", 1, "no '='"),
        ("A=b\nsecret", 2, "no '='"),
        ("A=b\n\n# c\nsecret\nB=c\n", 4, "no '='"),
        ("export A=secret\n", 1, "remove 'export'"),
        ("A=b\n1secret=c\n", 2, "not a name"),
        ("sec ret=c\n", 1, "not a name"),
        ("=secret\n", 1, "not a name"),
        ("secrét=c\n", 1, "not a name"),
        ("A=b\nB='secret\nC=d\n", 2, "is not closed"),
        ("A='two\nlines'\nB=\"secret\n\n", 3, "is not closed"),
        ("A=\"secret\\", 1, "is not closed"),
        ("A=x\\\ny\nsecret\n", 3, "no '='"),
        ("A=sec\0ret\n", 1, "UTF-8"),
    ]

    @Test(arguments: wrong.indices) func errorNamesTheLineAndNothingOfTheContents(index: Int) {
        let file = Self.wrong[index]
        let message = Self.error(Array(file.text.utf8))
        #expect(message.hasPrefix("/etc/app.env:\(file.line): ") && message.contains(file.word), "\(message)")
        #expect(!message.contains("secr") && !message.contains("ret"), "\(message)")
    }

    @Test func valueMustBeText() {
        #expect(Self.error(Array("A=b\nB=".utf8) + [0xFF, 0x0A]).hasPrefix("/etc/app.env:2: "))
    }

    @Test func whateverIsWrittenIsReadBack() throws {
        var generator = Generator(seed: 7)
        for _ in 0..<2_000 {
            var text = ""
            var expected: [String] = []
            for number in 0..<Int.random(in: 1...4, using: &generator) {
                let value = generator.text(0...20)
                text += "N\(number)=" + Self.written(value, &generator) + "\n"
                expected.append("N\(number)=\(value)")
            }
            #expect(try Self.read(text) == expected, "\(text)")
        }
    }

    /// A value in one of the ways to write it.
    private static func written(_ value: String, _ generator: inout Generator) -> String {
        switch Int.random(in: 0...2, using: &generator) {
        case 0 where !value.contains("'"):
            return "'\(value)'"
        case 1 where !value.contains("\n"):
            return value.map { "\\\($0)" }.joined()
        default:
            return "\"" + value.map { "\"\\`$".contains($0) ? "\\\($0)" : String($0) }.joined() + "\""
        }
    }

    @Test func anyBytesEndInVariablesOrAnError() {
        var generator = Generator(seed: 8)
        let alphabet = Array("AB=='\"\\\n\n\r #;\t".utf8) + [0x00, 0xFF, 0xC3, 0xA9]
        for _ in 0..<20_000 {
            let bytes = (0..<Int.random(in: 0...40, using: &generator)).map { _ in
                alphabet.randomElement(using: &generator) ?? 0
            }
            let message = Self.error(bytes)
            #expect(message.hasPrefix("accepted") || message.hasPrefix("/etc/app.env:"))
        }
    }
}
