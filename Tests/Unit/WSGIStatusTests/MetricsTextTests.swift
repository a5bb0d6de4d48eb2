import Testing
import WSGICore

@testable import WSGIStatus

struct MetricsTextTests {
    @Test(
        arguments: [
            (1_000, "0.001"), (2_500_000, "2.5"), (10_000_000, "10.0"), (0, "0.0"), (1, "0.000001"),
            (-1_500_000, "-1.5"),
        ] as [(Int64, String)])
    func secondsHaveNoZerosAtTheEnd(microseconds: Int64, text: String) {
        #expect(MetricsText.seconds(microseconds) == text)
    }

    static var report: StatusReport {
        var report = StatusReport()
        var row = RequestCounts(group: "a\"b\\", host: "")
        row.classes = [0, 0, 7, 0, 1, 2]
        row.rejections = Array(repeating: 0, count: 16)
        row.rejections[Int(RejectionReason.overload.rawValue)] = 3
        row.application = Histogram(counts: Array(repeating: 1, count: 15), sum: 1_500_000)
        report.requests = [row]
        return report
    }

    private static let lines = MetricsText.page(report).split(separator: "\n").map(String.init)

    @Test func requestsAreCountedByTheHundredsOfTheirStatus() {
        #expect(Self.lines.contains(#"wsgi_requests_total{group="a\"b\\",status="2xx"} 7"#))
        #expect(Self.lines.contains(#"wsgi_requests_total{group="a\"b\\",status="none"} 0"#))
    }

    @Test func rejectionsAreCountedByReason() {
        #expect(Self.lines.contains(#"wsgi_rejections_total{group="a\"b\\",reason="overload"} 3"#))
    }

    @Test func bucketsAreCumulative() {
        #expect(Self.lines.contains(#"wsgi_request_application_seconds_bucket{group="a\"b\\",le="0.001"} 1"#))
        #expect(Self.lines.contains(#"wsgi_request_application_seconds_bucket{group="a\"b\\",le="30.0"} 14"#))
        #expect(Self.lines.contains(#"wsgi_request_application_seconds_bucket{group="a\"b\\",le="+Inf"} 15"#))
        #expect(Self.lines.contains(#"wsgi_request_application_seconds_count{group="a\"b\\"} 15"#))
        #expect(Self.lines.contains(#"wsgi_request_application_seconds_sum{group="a\"b\\"} 1.5"#))
    }

    @Test func pageEndsWithItsMark() { #expect(Self.lines.last == "# EOF") }

    @Test func everyFamilyIsDeclaredOnce() {
        let families = Self.lines.filter { $0.hasPrefix("# TYPE") }
        #expect(Set(families).count == families.count)
    }
}
