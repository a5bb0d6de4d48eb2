internal import WSGICore

/// The state as lines `key: value`, as mod_status writes them for `?auto`.
public enum StatusLines {
    /// The media type of the page.
    public static let mediaType = "text/plain; charset=utf-8"

    /// The lines for a report.
    public static func page(_ report: StatusReport) -> String {
        var lines = [
            "WSGIVersion: \(report.version)", "WSGIRequests: \(report.requests.reduce(0) { $0 &+ $1.total })",
            "WSGIRejections: \(report.requests.reduce(0) { $0 &+ $1.rejections.reduce(0, &+) })",
            "WSGIThreads: \(report.groups.reduce(0) { $0 + $1.threads })",
            "WSGIBusyThreads: \(report.groups.reduce(0) { $0 + $1.busy })",
            "WSGIWaitingRequests: \(report.groups.reduce(0) { $0 + $1.waiting })",
        ]
        if let embedded = report.embedded { lines.append("WSGIEmbeddedBusy: \(embedded.count)") }
        for group in report.groups {
            // A colon would end the key.
            let name = group.name.map { $0 == ":" || $0.isNewline ? "_" : $0 }
            let key = "WSGIGroup[\(String(name))]"
            lines.append("\(key)State: \(group.state.rawValue)")
            lines.append("\(key)Threads: \(group.threads)")
            lines.append("\(key)Busy: \(group.busy)")
            lines.append("\(key)Waiting: \(group.waiting)")
            guard let facts = group.facts else { continue }
            lines.append("\(key)Starts: \(facts.starts.reduce(0) { $0 + $1.count })")
            lines.append("\(key)Crashes: \(facts.crashes.reduce(0) { $0 + $1.count })")
            lines.append("\(key)FailedDeploys: \(facts.failedDeploys)")
            lines.append("\(key)Memory: \(facts.slots.flatMap(\.processes).reduce(0) { $0 + $1.memory })")
        }
        return lines.joined(separator: "\n") + "\n"
    }
}
