import Testing

@testable import WSGIConfig

struct DaemonOptionsTests {
    static func options(_ text: String) throws -> DaemonOptions {
        var configuration = Configuration()
        try configuration.apply("WSGIDaemonProcess site \(text)")
        return try #require(configuration.server.groupDefinitions.first).options
    }

    @Test func everyOptionHasARow() {
        #expect(Mirror(reflecting: DaemonOptions()).children.count - 1 == DaemonOptionTable.all.count)
        let bits = Set(DaemonOptionTable.all.map(\.bit))
        #expect(bits.count == DaemonOptionTable.all.count && !bits.contains(0))
        #expect(DaemonOptionTable.all.allSatisfy { $0.help.description.hasSuffix(".") && !$0.syntax.isEmpty })
    }

    @Test func defaultsAreThoseOfTheReference() throws {
        let options = try Self.options("")
        #expect(options == DaemonOptions())
        #expect(options.processes == 1 && options.threads == 15)
        #expect(options.gracefulTimeout == 15 && options.shutdownTimeout == 5)
        #expect(options.connectTimeout == 15 && options.socketTimeout == 0)
        #expect(options.listenBacklog == 100 && options.maximumRequests == 0 && options.stackSize == 0)
        #expect(options.umask == nil && options.user == nil && options.pythonPath == [])
        #expect(options.text.isEmpty)
    }

    @Test func everyOptionIsStored() throws {
        let options = try Self.options(
            "processes=2 threads=3 user=www-data group=#33 home=/srv umask=027 lang=C locale=de_DE.UTF-8 "
                + "display-name='%{GROUP}' python=/usr/bin/python3 python-path=/a:/b stack-size=8M "
                + "maximum-requests=1000 graceful-timeout=1min shutdown-timeout=10s connect-timeout=0 "
                + "socket-timeout=1h listen-backlog=0")
        #expect(options.processes == 2 && options.threads == 3)
        #expect(options.user == .name("www-data") && options.group == .number(33))
        #expect(options.home == "/srv" && options.umask == 0o27)
        #expect(options.lang == "C" && options.locale == "de_DE.UTF-8" && options.displayName == "%{GROUP}")
        #expect(options.python == "/usr/bin/python3" && options.pythonPath == ["/a", "/b"])
        #expect(options.stackSize == 8 << 20 && options.maximumRequests == 1000)
        #expect(options.gracefulTimeout == 60 && options.shutdownTimeout == 10)
        #expect(options.connectTimeout == 0 && options.socketTimeout == 3600 && options.listenBacklog == 0)
        #expect(try Self.options("python-home=/srv/venv").pythonHome == "/srv/venv")
    }

    @Test func theLastOfAnOptionWins() throws {
        #expect(try Self.options("threads=2 threads=3").threads == 3)
    }

    /// Each option with values that it takes, and values that it does not.
    private static let ranges: [(name: String, good: [String], bad: [String])] = [
        ("processes", ["1", "4096"], ["0", "4097", "-1", "two"]),
        ("threads", ["0", "65533"], ["65534", "-1", "5x"]),
        ("user", ["bob", "#1"], ["#0", "root", "#x"]),
        ("group", ["bob", "#0"], ["#", "#-1"]),
        ("home", ["/"], ["srv"]),
        ("umask", ["0", "0777"], ["8", "01000", "-1"]),
        ("lang", ["C"], []),
        ("locale", ["C"], []),
        ("display-name", ["x"], []),
        ("python", ["/usr/bin/python3"], ["python3"]),
        ("python-home", ["/srv/venv"], ["venv", "/srv/venv/bin/python"]),
        ("python-path", ["/a:/b"], [":"]),
        ("stack-size", ["1", "512K"], ["0", "-1", "1T"]),
        ("maximum-requests", ["0", "2147483647"], ["-1", "2147483648", "1K"]),
        ("graceful-timeout", ["0", "2147483647"], ["-1", "2147483648", "5m"]),
        ("shutdown-timeout", ["0", "5s"], ["-1", "x"]),
        ("connect-timeout", ["0", "5s"], ["-1", "x"]),
        ("socket-timeout", ["0", "5s"], ["-1", "x"]),
        ("listen-backlog", ["0", "2147483647"], ["-1", "2147483648"]),
        ("supplementary-groups", ["a,#5", "b"], ["a,,b", "#x", ","]),
        ("chroot", ["/srv"], ["srv"]),
        ("no-new-privileges", ["On", "off"], ["yes", "1"]),
        ("dumpable", ["On", "off"], ["yes", "1"]),
        ("socket-user", ["bob", "root"], ["#x"]),
        ("script-user", ["bob", "root"], ["#x"]),
        ("script-group", ["bob", "#0"], ["#x"]),
        ("python-eggs", ["/srv"], ["srv"]),
        ("env-file", ["/etc/a", "-/etc/a"], ["etc", "--/a", "-"]),
        ("switch-interval", ["0.005", "5ms", "1"], ["0", "-1", ".5", "1.", "1e3", "5us", "nan", "inf"]),
        ("restart-interval", ["0", "1h"], ["-1", "1.5"]),
        ("inactivity-timeout", ["0", "1h"], ["-1", "1.5"]),
        ("startup-timeout", ["0", "1h"], ["-1", "1.5"]),
        ("eviction-timeout", ["0", "1h"], ["-1", "1.5"]),
        ("request-timeout", ["0", "1h"], ["-1", "1.5"]),
        ("replacement", ["stop-first", "Successor-First"], ["none"]),
        ("request-timeout-rule", ["exact", "scaled", "Exact"], ["plain"]),
        ("maximum-requests-jitter", ["0", "50"], ["-1", "1K"]),
        ("maximum-memory", ["0", "512M", "1G"], ["-1", "1K"]),
        ("interrupt-timeout", ["0", "1h"], ["-1", "1.5"]),
        ("deadlock-timeout", ["0", "1h"], ["-1", "1.5"]),
        ("queue-timeout", ["0", "1h"], ["-1", "1.5"]),
        ("response-socket-timeout", ["0", "1h"], ["-1", "1.5"]),
        ("send-buffer-size", ["0", "512", "64K"], ["511", "-1", "2G"]),
        ("receive-buffer-size", ["0", "512", "64K"], ["511", "-1", "2G"]),
        ("header-buffer-size", ["0", "8192", "64K"], ["8191", "-1", "2G"]),
        ("response-buffer-size", ["0", "65536", "1M"], ["65535", "-1", "2G"]),
        ("response-flush-delay", ["0", "5", "20ms", "1s"], ["-1", "1.5", "5min"]),
        ("cpu-time-limit", ["0", "1h"], ["-1", "1.5"]),
        ("cpu-priority", ["0", "-20", "19"], ["20", "-21", "+1", "-"]),
        ("memory-limit", ["0", "512M"], ["-1", "512X"]),
        ("virtual-memory-limit", ["0", "2G"], ["-1", "512X"]),
        ("warmup", ["/", "/health?full=1"], ["health", "/a#b", "/a\u{e9}"]),
        ("server-metrics", ["On", "off"], ["yes", "1"]),
    ]

    @Test(arguments: ranges)
    func rangeIsChecked(name: String, good: [String], bad: [String]) throws {
        let row = try #require(DaemonOptionTable.option(named: name))
        for value in good {
            #expect(try Self.options("\(name)=\(value)").isWritten(name), "\(name)=\(value)")
        }
        for value in bad {
            let wanted = "option '\(name)' of WSGIDaemonProcess 'site' must be \(row.syntax), not '\(value)'."
            #expect(Configuration.error("WSGIDaemonProcess site \(name)=\(value)")?.hasPrefix(wanted) == true)
        }
        let error = Configuration.error("WSGIDaemonProcess site \(name)=")
        #expect(
            row.isIgnoredIfEmpty
                ? error == nil : error == "option '\(name)' of WSGIDaemonProcess 'site' needs a value: \(row.syntax).")
    }

    @Test(arguments: [
        (
            "python-home=/srv/venv/bin/python3.11",
            "Write /srv/venv, the directory that bin/ is in; python= names executables."
        ),
        ("request-timeout=1m", "Write 1min."), ("graceful-timeout=90SEC", "Write 90s."),
        ("memory-limit=512MB", "Write 512M."),
        ("request-timeout=-1m", nil), ("request-timeout=m", nil), ("memory-limit=512X", nil), ("python-home=venv", nil),
    ])
    func adviceOnWhatToWrite(option: String, advice: String?) throws {
        let error = try #require(Configuration.error("WSGIDaemonProcess site \(option)"))
        let value = option.split(separator: "=")[1]
        #expect(error.hasSuffix("not '\(value)'.\(advice.map { " " + $0 } ?? "")"))
    }

    @Test func emptyValuesThatMeanNotGiven() throws {
        let names = DaemonOptionTable.all.filter(\.isIgnoredIfEmpty).map(\.name.description)
        #expect(
            Set(names) == [
                "python-path", "python-home", "python-eggs", "display-name", "lang", "locale", "supplementary-groups",
            ])
        let options = try Self.options(names.map { "\($0)=''" }.joined(separator: " ") + " threads=3")
        #expect(options.threads == 3)
        for name in names { #expect(!options.isWritten(name), "\(name)") }
    }

    @Test func everyOptionIsInTheRangeTest() {
        // env= has a test of its own.
        let names = DaemonOptionTable.all.map(\.name.description)
        #expect(names.sorted() == (Self.ranges.map(\.name) + ["env"]).sorted())
    }

    @Test func variablesAddUpAndAreSecret() throws {
        let options = try Self.options("env=A=1 env='B=x y=z' env-file=/a env=A= env-file=-/b")
        #expect(
            options.environment.map(\.name) == ["A", "B", "A"]
                && options.environment.map(\.value) == ["1", "x y=z", ""])
        #expect(options.environmentFiles == ["/a", "-/b"])
        let message =
            "option 'env' of WSGIDaemonProcess 'site' must be NAME=VALUE, with a name of letters, digits and '_' that does "
            + "not begin with a digit."
        for word in ["SECRET", "1A=SECRET", "A-B=SECRET", "=SECRET", "É=SECRET"] {
            #expect(Configuration.error("WSGIDaemonProcess site env=\(word)") == message)
        }
    }

    @Test func differingVariablesAreNotShown() throws {
        var configuration = Configuration()
        try configuration.apply("WSGIDaemonProcess site env=A=SECRET1")
        let message =
            "WSGIDaemonProcess 'site' at site.conf:2 was already defined at site.conf:1 with a different env=: rename "
            + "one of them, or make them the same."
        #expect(throws: ConfigError(message)) { try configuration.apply("WSGIDaemonProcess site env=A=SECRET2") }
    }

    @Test func pendingOptionIsNoticedOnce() throws {
        var configuration = Configuration()
        for row in DaemonOptionTable.all where row.isPending {
            try configuration.apply(
                "WSGIDaemonProcess x \(row.name)=\(row.name.description == "server-metrics" ? "On" : "1")")
            #expect(configuration.server.notices.last?.text.hasPrefix("option '\(row.name)' of ") == true)
            configuration.server = ServerSettings()
        }
    }

    @Test func multiprocessIsWhatWasWritten() throws {
        #expect(try !Self.options("").isMultiprocess)
        #expect(try Self.options("processes=1").isMultiprocess)
        #expect(try Self.options("processes=2").isMultiprocess)
        #expect(try !Self.options("threads=1").isMultiprocess)
    }

    @Test func textPrintsWhatWasWritten() throws {
        let options = try Self.options(#"umask=22 display-name="a \"b\"" stack-size=1K processes=1"#)
        #expect(options.text == #"processes=1 display-name="a \"b\"" umask=022 stack-size=1024"#)
    }

    @Test func textIsReadBack() throws {
        var generator = Generator(seed: 3)
        for _ in 0..<2000 {
            let line = Self.random(&generator)
            let options = try Self.options(line)
            let printed = options.text
            #expect(try Self.options(printed) == options, "\(line)")
            #expect(try Self.options(printed).text == printed, "\(line)")
        }
    }

    /// A line of options that is accepted.
    static func random(_ generator: inout Generator) -> String {
        let time = ["0", "7", "90s", "3min", "2h"]
        let text = { (generator: inout Generator) in [Words.quoted(generator.text())] }
        let path = { (generator: inout Generator) in [Words.quoted("/" + generator.text(0...12))] }
        var words: [String] = []
        for row in DaemonOptionTable.all.shuffled(using: &generator) where Bool.random(using: &generator) {
            let name = row.name.description
            let choices: [String]
            switch name {
            case "env": choices = [Words.quoted("A=" + generator.text(0...12)), "B_2=x"]
            case "replacement": choices = ["stop-first", "successor-first"]
            case "request-timeout-rule": choices = ["exact", "scaled"]
            case "maximum-memory": choices = ["0", "1M", "2G"]
            case "env-file": choices = ["/etc/env", "-/etc/env"]
            case "supplementary-groups": choices = ["a,#5", "b"]
            case "socket-user", "script-user": choices = ["root", "#5"]
            case "script-group": choices = words.contains { $0.hasPrefix("script-user=") } ? [] : ["root", "#5"]
            case "switch-interval": choices = ["0.005", "7ms", "1.25s", "3"]
            case "server-metrics", "no-new-privileges", "dumpable": choices = ["On", "off"]
            case "cpu-priority": choices = ["-20", "0", "19"]
            case "response-flush-delay": choices = ["0", "5ms", "2s"]
            case "send-buffer-size", "receive-buffer-size", "header-buffer-size", "response-buffer-size",
                "memory-limit", "virtual-memory-limit":
                choices = ["0", "64K", "1M"]
            case "cpu-time-limit", "restart-interval": choices = time
            case "warmup": choices = ["/", "/health?x=%20"]
            case "chroot", "python-eggs": choices = path(&generator)
            case "processes": choices = ["1", "2", "17"]
            case "threads", "maximum-requests", "maximum-requests-jitter", "listen-backlog": choices = ["0", "1", "42"]
            case "user", "group": choices = ["#1000", "www-data", #""a b""#]
            case "umask": choices = ["0", "22", "0077"]
            case "stack-size": choices = ["1", "64K", "8M", "1G"]
            case "home": choices = path(&generator)
            case "python-home": choices = ["/srv/venv", "'/srv/my venv'"]
            case "python": choices = words.contains { $0.hasPrefix("python-home=") } ? [] : path(&generator)
            case "python-path": choices = path(&generator) + ["/a:/b:"]
            case let name where name.hasSuffix("-timeout"): choices = time
            default: choices = text(&generator)
            }
            if name == "script-user", words.contains(where: { $0.hasPrefix("script-group=") }) { continue }
            if name == "python-home", words.contains(where: { $0.hasPrefix("python=") }) { continue }
            if let value = choices.randomElement(using: &generator) { words.append("\(name)=\(value)") }
        }
        return words.joined(separator: " ")
    }
}
