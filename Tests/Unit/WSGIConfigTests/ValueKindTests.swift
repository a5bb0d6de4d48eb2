import Testing

@testable import WSGIConfig

struct ValueKindTests {
    @Test(arguments: [("On", true), ("on", true), ("ON", true), ("oN", true), ("Off", false), ("oFF", false)])
    func flagAccepts(word: String, value: Bool) { #expect(ValueKind.flag.parse(word) == value) }

    @Test(arguments: ["", "True", "1", "0", "yes", "On ", "O", "offf", "None"])
    func flagRefuses(word: String) { #expect(ValueKind.flag.parse(word) == nil) }

    @Test(arguments: [("1", 1), ("5", 5), ("10", 10), ("007", 7)])
    func countAccepts(word: String, value: Int) { #expect(ValueKind.count(1...10).parse(word) == value) }

    @Test(arguments: [
        "", "0", "11", "5x", "x5", " 5", "5 ", "+5", "-5", "5.0", "0x5", "5\u{301}", "٥", "99999999999999999999",
    ])
    func countRefuses(word: String) { #expect(ValueKind.count(1...10).parse(word) == nil) }

    @Test(arguments: [("0", 0), ("30", 30), ("30s", 30), ("5min", 300), ("1h", 3600), ("0h", 0), ("7200", 7200)])
    func secondsAccept(word: String, value: Int) { #expect(ValueKind.seconds(0...7200).parse(word) == value) }

    @Test(arguments: [
        "", "s", "-1", "7201", "3h", "5m", "5 s", "5S", "5ms", "1h30", "1.5", "5sx", "9223372036854775807h",
    ])
    func secondsRefuse(word: String) { #expect(ValueKind.seconds(0...7200).parse(word) == nil) }

    @Test(arguments: [
        ("1", 1), ("1023", 1023), ("2K", 2048), ("2k", 2048), ("3M", 3 << 20), ("3m", 3 << 20), ("1G", 1 << 30),
        ("1g", 1 << 30), ("9223372036854775807", Int.max),
    ])
    func bytesAccept(word: String, value: Int) { #expect(ValueKind.bytes(1...Int.max).parse(word) == value) }

    @Test(arguments: ["", "0", "K", "-1", "1KB", "1T", "1.5M", "9223372036854775808", "9007199254740992K"])
    func bytesRefuse(word: String) { #expect(ValueKind.bytes(1...Int.max).parse(word) == nil) }

    @Test(arguments: [("0", 0), ("022", 0o22), ("22", 0o22), ("0022", 0o22), ("777", 0o777), ("0777", 0o777)])
    func umaskAccepts(word: String, value: UInt32) { #expect(ValueKind.umask.parse(word) == .some(value)) }

    @Test(arguments: ["", "8", "029", "1000", "-22", "+22", "0o22", "0x12", "022x", "77777777777777777777"])
    func umaskRefuses(word: String) { #expect(ValueKind.umask.parse(word) == nil) }

    @Test func pathMustBeAbsolute() {
        #expect(ValueKind.absolutePath.parse("/srv/app") == .some("/srv/app"))
        for word in ["", "srv/app", "./app", "~/app"] { #expect(ValueKind.absolutePath.parse(word) == nil) }
    }

    @Test func pythonHomeIsNotTheExecutable() {
        for word in ["/srv/venv", "/", "/usr/bin", "/srv/python3", "/srv/bin/venv", "/opt/a:/opt/b"] {
            #expect(ValueKind.pythonHome.parse(word) == .some(word))
        }
        for word in ["", "venv", "bin/python", "/srv/venv/bin/python", "/usr/bin/python3.11", "/srv/v//bin/python3/"] {
            #expect(ValueKind.pythonHome.parse(word) == nil, "\(word)")
        }
    }

    @Test func searchPathIsSplitAtColons() {
        #expect(ValueKind.searchPath.parse("/a") == ["/a"])
        #expect(ValueKind.searchPath.parse("/a:/b c::/d:") == ["/a", "/b c", "/d"])
        for word in ["", ":", "::"] { #expect(ValueKind.searchPath.parse(word) == nil) }
    }

    @Test func accountIsNameOrNumber() {
        let user = ValueKind.account("user", allowsZero: false)
        #expect(user.parse("www-data") == .some(.name("www-data")))
        #expect(user.parse("1000") == .some(.name("1000")))
        #expect(user.parse("#1000") == .some(.number(1000)))
        #expect(user.parse("#4294967294") == .some(.number(4_294_967_294)))
        for word in ["", "#", "#x", "#-1", "#1x", "#4294967295", "#99999999999999999999", "#0", "#00", "root"] {
            #expect(user.parse(word) == nil, "\(word)")
        }
        let group = ValueKind.account("group", allowsZero: true)
        #expect(group.parse("#0") == .some(.number(0)))
        #expect(group.parse("root") == .some(.name("root")))
        #expect(group.parse("") == nil)
    }

    @Test func messageNamesSubjectSyntaxAndValue() {
        #expect(throws: ConfigError("X must be On or Off, not 'True'.")) {
            try ValueKind.flag.value(of: "True", for: "X")
        }
    }
}
