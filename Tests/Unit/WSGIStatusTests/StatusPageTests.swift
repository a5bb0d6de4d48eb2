import Testing
import WSGICore

@testable import WSGIStatus

struct StatusPageTests {
    /// A report with something in every part.
    static var report: StatusReport {
        var report = MetricsTextTests.report
        report.time = 1_795_881_600_000_000
        report.supervisorStarted = report.time - 90_000_000
        report.needsSupervisor = true
        report.version = "7.0.0"
        var group = GroupStatus(name: "<b>&\"'")
        group.state = .serving
        (group.threads, group.busy, group.waiting, group.queueAge) = (4, 3, 2, 1_500)
        var facts = GroupFacts()
        facts.starts = [NamedCount("start", 2)]
        facts.saturation = [0, 50, 120]
        facts.waiting = [0, 1, 2]
        facts.failedDeploys = 1
        var slot = SlotFacts()
        slot.code = [CodeFacts("/srv/app.wsgi", report.time - 60_000_000)]
        slot.failed = CodeFacts("/srv/app.wsgi", report.time - 10_000_000)
        slot.failure = "Traceback\nSyntaxError: <oops>"
        slot.staleSince = report.time - 10_000_000
        var process = WorkerFacts()
        (process.process, process.state, process.memory) = (4_711, "serving", 30 << 20)
        var thread = ThreadFacts()
        (thread.id, thread.line, thread.duration) = ("a/b+c", "GET /<script>?", 12_000_000)
        process.running = [thread]
        slot.processes = [process]
        facts.slots = [slot]
        group.facts = facts
        report.groups = [group]
        var slow = SlowRequest()
        slow.line = "GET /slow"
        slow.times = [1_000_000, 2_000_000, 0, 0]
        report.slowest = [slow]
        report.messages = [NamedCount("WSGI0116", 3)]
        return report
    }

    private static let page = StatusPage.page(report, host: "a<b>")

    @Test func nothingOfTheReportIsMarkup() {
        for text in ["<b>", "<script", "<oops>"] { #expect(!Self.page.contains(text)) }
        #expect(Self.page.contains("&lt;b&gt;&amp;&quot;&#39;"))
    }

    @Test func pageHasNoExternalResourceAndNoButton() {
        for text in ["src=", "http:", "https:", "<form", "<button", "<input", "url(", "@import", "<link"] {
            #expect(!Self.page.contains(text))
        }
    }

    @Test func lastLineOfAFailureIsShown() {
        #expect(Self.page.contains("<code>SyntaxError: &lt;oops&gt;</code>"))
        #expect(!Self.page.contains("Traceback"))
    }

    @Test func everyElementIsClosed() {
        var open: [Substring] = []
        var rest = Self.page[...]
        while let start = rest.firstIndex(of: "<"), let end = rest[start...].firstIndex(of: ">") {
            let tag = rest[rest.index(after: start)..<end]
            rest = rest[rest.index(after: end)...]
            let name = tag.prefix { !$0.isWhitespace && $0 != "/" }
            if tag.hasPrefix("!") || tag.hasSuffix("/") || ["meta", "hr"].contains(name) { continue }
            if tag.hasPrefix("/") { #expect(open.popLast() == tag.dropFirst()) } else { open.append(name) }
        }
        #expect(open.isEmpty)
    }

    @Test func idsAreEncodedInLinks() {
        #expect(Self.page.contains("href=\"?stack=a%2Fb%2Bc\""))
        #expect(Query("stack=a%2Fb%2Bc").stack == "a/b+c")
    }

    @Test func missingSupervisorIsReported() {
        var report = Self.report
        report.supervisorStarted = nil
        #expect(StatusPage.page(report, host: "").contains("does not answer"))
    }

    @Test func linesHaveOneKeyEach() {
        for line in StatusLines.page(Self.report).split(separator: "\n") {
            #expect(line.split(separator: ": ").count == 2)
        }
    }

    @Test func queriesAreParsed() {
        #expect(Query("").format == .html)
        #expect(Query("json").format == .json)
        #expect(Query("refresh=5&auto").format == .lines)
        #expect(Query("refresh=5&auto").refresh == 5)
        #expect(Query("refresh=-1").refresh == 1)
        #expect(Query("stack=%zz%4").stack == "%zz%4")
    }

    private static func spaced(_ text: String) -> String { String(text.map { $0 == "\u{A0}" ? " " : $0 }) }

    @Test(
        arguments: [
            (0, "0.00 s"), (1_250_000, "1.25 s"), (59_000_000, "59 s"), (300_000_000, "5 min"),
            (12_000_000_000, "3 h 20 min"), (356_400_000_000, "4 d 3 h"), (-5, "0.00 s"),
        ] as [(Int64, String)])
    func durations(microseconds: Int64, text: String) { #expect(Self.spaced(Units.duration(microseconds)) == text) }

    @Test(
        arguments: [
            (1_709_164_800_000_000, "2024-02-29 00:00:00"), (951_782_399_000_000, "2000-02-28 23:59:59"),
            (1_795_881_600_000_000, "2026-11-28 16:00:00"), (1_767_225_599_000_000, "2025-12-31 23:59:59"),
        ] as [(Int64, String)])
    func times(microseconds: Int64, text: String) { #expect(Units.time(microseconds) == text) }

    @Test(
        arguments: [
            (0, "0 KiB"), (831_488, "812 KiB"), (24_641_536, "23.5 MiB"), (3 << 30, "3.0 GiB"),
        ] as [(Int64, String)])
    func sizes(bytes: Int64, text: String) { #expect(Self.spaced(Units.size(bytes)) == text) }
}

struct JSONTests {
    @Test func everyControlCharacterIsEscaped() {
        var json = JSON()
        json.object { $0.string("a", "\u{1}\"\\\n\u{7F}é") }
        #expect(json.text == #"{"a": "\u0001\"\\\n\u007fé"}"#)
    }

    @Test func membersAreSeparatedByCommas() {
        var json = JSON()
        json.object { json in
            json.number("a", 1)
            json.numbers("b", [1, 2])
            json.list("c", [1, 2]) { json, item in json.number("d", item) }
            json.counts("e", [(name: "x", count: Int64(1)), (name: "y", count: Int64(2))])
            json.object("f") { _ in }
            json.null("g")
            json.seconds("h", 1_500_000)
        }
        #expect(
            json.text
                == #"{"a": 1, "b": [1, 2], "c": [{"d": 1}, {"d": 2}], "e": {"x": 1, "y": 2}, "f": {}, "g": null, "h": 1.5}"#
        )
    }
}
