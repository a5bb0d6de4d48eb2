internal import WSGICore

/// The page of wsgi-metrics, in the format of OpenMetrics 1.0.
public struct MetricsText {
    /// The media type of the page.
    public static let mediaType = "application/openmetrics-text; version=1.0.0; charset=utf-8"

    private let report: StatusReport
    private var text = ""

    /// The page for a report.
    public static func page(_ report: StatusReport) -> String {
        var page = MetricsText(report: report)
        page.requests()
        page.groups()
        page.code()
        page.processes()
        page.server()
        return page.text + "# EOF\n"
    }

    private typealias Labels = [(name: StaticString, value: String)]

    // MARK: - Requests

    private mutating func requests() {
        family("wsgi_requests", "counter", "Requests by the hundreds of their status.")
        for row in report.requests {
            for (index, count) in row.classes.prefix(6).enumerated() {
                sample(
                    "wsgi_requests_total", labels(row) + [("status", index == 0 ? "none" : "\(index)xx")], "\(count)")
            }
        }
        family("wsgi_rejections", "counter", "Requests that ended without a response of their application.")
        for row in report.requests {
            for reason in RejectionReason.allCases where Int(reason.rawValue) < row.rejections.count {
                sample(
                    "wsgi_rejections_total", labels(row) + [("reason", reason.name)],
                    "\(row.rejections[Int(reason.rawValue)])")
            }
        }
        histogram("wsgi_request_queue_seconds", "Time until a thread of a process was free.", \.queue)
        histogram("wsgi_request_application_seconds", "Time in the application.", \.application)
        histogram("wsgi_request_read_seconds", "Time for reading the body from the client.", \.read)
        histogram("wsgi_request_write_seconds", "Time for passing the response to httpd.", \.write)
    }

    private func labels(_ row: RequestCounts) -> Labels { [("group", row.group), ("vhost", row.host)] }

    private mutating func histogram(
        _ name: StaticString, _ help: StaticString, _ path: KeyPath<RequestCounts, Histogram>
    ) {
        family(name, "histogram", help, unit: "seconds")
        for row in report.requests {
            let histogram = row[keyPath: path]
            var sum: UInt64 = 0
            for (index, count) in histogram.counts.enumerated() {
                sum = sum &+ count
                let bounds = RequestCounts.bounds
                let bound = index < bounds.count ? Self.seconds(Int64(clamping: bounds[index])) : "+Inf"
                sample("\(name)_bucket", labels(row) + [("le", bound)], "\(sum)")
            }
            sample("\(name)_count", labels(row), "\(sum)")
            sample("\(name)_sum", labels(row), Self.seconds(Int64(clamping: histogram.sum)))
        }
    }

    // MARK: - Groups

    private mutating func groups() {
        gauge("wsgi_group_serving", "Whether a process of the group serves.") { $0.state == .serving ? 1 : 0 }
        gauge("wsgi_threads_busy", "Request threads that are busy.") { $0.busy }
        if let embedded = report.embedded {
            sample("wsgi_threads_busy", [("group", "%{GLOBAL}")], "\(embedded.count)")
        }
        gauge("wsgi_threads_idle", "Request threads that are idle.") { max($0.threads - $0.busy, 0) }
        gauge("wsgi_queue_requests", "Requests that wait for a thread.") { $0.waiting }
        family("wsgi_queue_age_seconds", "gauge", "Time since the queue was empty.", unit: "seconds")
        for group in report.groups {
            sample("wsgi_queue_age_seconds", [("group", group.name)], Self.seconds(Int64(group.queueAge) * 1_000))
        }
        gauge("wsgi_group_overloaded", "Whether the group is overloaded.") { $0.isOverloaded ? 1 : 0 }
        counts("wsgi_process_starts", "Started processes by reason.", "reason", StartReason.all) { $0.starts }
        counts("wsgi_process_crashes", "Processes that ended unexpectedly.", "kind", CrashKind.all) { $0.crashes }
        family("wsgi_failed_deploys", "counter", "Replacements that failed; the former process goes on serving.")
        for (name, facts) in facts {
            sample("wsgi_failed_deploys_total", [("group", name)], "\(facts.failedDeploys)")
        }
        family(
            "wsgi_stale_code_seconds", "gauge", "Time since newer code could not be started; 0: the newest serves.",
            unit: "seconds")
        for (name, facts) in facts {
            let since = facts.slots.map(\.staleSince).filter { $0 > 0 }.min()
            sample(
                "wsgi_stale_code_seconds", [("group", name)], Self.seconds(since.map { max(report.time - $0, 0) } ?? 0))
        }
    }

    /// The oldest version of each script that a process of a group serves.
    private mutating func code() {
        family(
            "wsgi_code_modified_timestamp_seconds", "gauge", "When the oldest served version of a script was modified.",
            unit: "seconds")
        for (name, facts) in facts {
            let oldest = Dictionary(
                facts.slots.flatMap(\.code).filter { $0.modified > 0 }.map { ($0.path, $0.modified) },
                uniquingKeysWith: min)
            for (path, modified) in oldest.sorted(by: { $0.key < $1.key }) {
                sample(
                    "wsgi_code_modified_timestamp_seconds", [("group", name), ("script", path)], Self.seconds(modified))
            }
        }
    }

    /// The groups about which the supervisor has given facts.
    private var facts: [(name: String, facts: GroupFacts)] {
        report.groups.compactMap { group in group.facts.map { (group.name, $0) } }
    }

    private mutating func gauge(_ name: StaticString, _ help: StaticString, _ value: (GroupStatus) -> Int) {
        family(name, "gauge", help)
        for group in report.groups { sample("\(name)", [("group", group.name)], "\(value(group))") }
    }

    /// Counters by name, with zeros for known names.
    private mutating func counts(
        _ name: StaticString, _ help: StaticString, _ label: StaticString, _ known: [String],
        _ counts: (GroupFacts) -> [NamedCount]
    ) {
        family(name, "counter", help)
        for (group, facts) in facts {
            let found = counts(facts)
            let names = known + found.map(\.name).filter { !known.contains($0) }
            for one in names {
                let count = found.first { $0.name == one }?.count ?? 0
                sample("\(name)_total", [("group", group), (label, one)], "\(count)")
            }
        }
    }

    // MARK: - Processes

    private mutating func processes() {
        family("wsgi_processes", "gauge", "Processes by state.")
        for (name, facts) in facts {
            for state in ["starting", "serving", "draining"] {
                let count = facts.slots.reduce(0) { $0 + $1.processes.count { $0.state == state } }
                sample("wsgi_processes", [("group", name), ("state", state)], "\(count)")
            }
        }
        family("wsgi_cpu_seconds", "counter", "CPU time of all processes of the group.", unit: "seconds")
        for (name, facts) in facts {
            sample("wsgi_cpu_seconds_total", [("group", name)], Self.seconds(facts.cpu))
        }
        serving("wsgi_process_resident_memory_bytes", "Resident memory of the serving process.", "bytes") {
            "\($0.memory)"
        }
        serving("wsgi_process_open_files", "Open descriptors of the serving process.") { "\($0.descriptors)" }
        serving("wsgi_process_connections", "Open sockets of the serving process.") { "\($0.sockets)" }
        serving("wsgi_process_requests", "Requests that the serving process has ended.") { "\($0.requests)" }
        serving("wsgi_process_start_time_seconds", "When the serving process was started.", "seconds") {
            Self.seconds($0.started)
        }
    }

    private mutating func serving(
        _ name: StaticString, _ help: StaticString, _ unit: StaticString? = nil, _ value: (WorkerFacts) -> String
    ) {
        family(name, "gauge", help, unit: unit)
        for (group, facts) in facts {
            for (position, slot) in facts.slots.enumerated() {
                guard let process = slot.serving else { continue }
                sample("\(name)", [("group", group), ("slot", "\(position)")], value(process))
            }
        }
    }

    private mutating func server() {
        family("wsgi_log_messages", "counter", "Messages in the error log by their ids.")
        for message in report.messages { sample("wsgi_log_messages_total", [("id", message.name)], "\(message.count)") }
        family("wsgi_supervisor_up", "gauge", "Whether the supervisor of the processes answers.")
        if report.needsSupervisor {
            sample("wsgi_supervisor_up", [], report.supervisorStarted == nil ? "0" : "1")
        }
        family("wsgi_build", "info", "The version of the module.")
        sample("wsgi_build_info", [("version", report.version)], "1")
    }

    // MARK: - Syntax

    private mutating func family(
        _ name: StaticString, _ type: StaticString, _ help: StaticString, unit: StaticString? = nil
    ) {
        text += "# TYPE \(name) \(type)\n"
        if let unit { text += "# UNIT \(name) \(unit)\n" }
        text += "# HELP \(name) \(help)\n"
    }

    /// Labels without a value are omitted.
    private mutating func sample(_ name: String, _ labels: Labels, _ value: String) {
        let written = labels.filter { !$0.value.isEmpty }
            .map { "\($0.name)=\"\(Self.escaped($0.value))\"" }.joined(separator: ",")
        text += written.isEmpty ? "\(name) \(value)\n" : "\(name){\(written)} \(value)\n"
    }

    private static func escaped(_ value: String) -> String {
        var escaped = ""
        for character in value.unicodeScalars {
            switch character {
            case "\\": escaped += "\\\\"
            case "\"": escaped += "\\\""
            case "\n": escaped += "\\n"
            default: escaped.unicodeScalars.append(character)
            }
        }
        return escaped
    }

    /// Microseconds as seconds, without zeros at the end: `0.001`, `2.5`, `10.0`.
    static func seconds(_ microseconds: Int64) -> String {
        let fraction = String(microseconds.magnitude % 1_000_000)
        var digits = String(repeating: "0", count: 6 - fraction.utf8.count) + fraction
        while digits.utf8.count > 1, digits.hasSuffix("0") { digits.removeLast() }
        return (microseconds < 0 ? "-" : "") + "\(microseconds.magnitude / 1_000_000).\(digits)"
    }
}
