internal import WSGICore

/// The page of wsgi-status: HTML without scripts and other resources.
public struct StatusPage {
    /// The media type of the page.
    public static let mediaType = "text/html; charset=utf-8"

    private let report: StatusReport
    private var html = ""

    /// The page for a report.
    ///
    /// - Parameter host: The name of the server.
    public static func page(_ report: StatusReport, host: String) -> String {
        var page = StatusPage(report: report)
        page.head(host)
        for group in report.groups { page.group(group) }
        page.embedded()
        page.requests()
        page.slowest()
        page.messages()
        return page.html + "</main>\n</body>\n</html>\n"
    }

    /// A page with the Python stack of a request.
    ///
    /// - Parameter stack: `nil`: the request runs, but its process has not answered.
    public static func stack(of id: String, _ stack: String?) -> String {
        let text =
            switch stack {
            case .none: "The process has not answered. Its interpreter lock may be held by other code."
            case .some(""): "This request does not run, or runs in a process of httpd."
            case .some(let stack): stack
            }
        return start("Request \(id)") + "<header><h1>Request \(escaped(id))</h1></header>\n<main>\n<pre>"
            + escaped(text) + "</pre>\n</main>\n</body>\n</html>\n"
    }

    /// The part of mod_status's own page.
    public static func section(_ report: StatusReport) -> String {
        var text =
            "<hr />\n<h2>mod_wsgi \(escaped(report.version))</h2>\n<table border=\"0\"><tr><th>Process group</th>"
        text += "<th>State</th><th>Busy threads</th><th>Waiting requests</th><th>Processes</th><th>Memory</th></tr>\n"
        for group in report.groups {
            let processes = group.facts?.slots.flatMap(\.processes) ?? []
            text += "<tr><td>\(escaped(group.name))</td><td>\(group.state.rawValue)</td>"
            text += "<td>\(group.busy) of \(group.threads)</td><td>\(group.waiting)</td><td>\(processes.count)</td>"
            text += "<td>\(Units.size(processes.reduce(0) { $0 + $1.memory }))</td></tr>\n"
        }
        return text + "</table>\n"
    }

    // MARK: - Parts

    private static func start(_ title: String) -> String {
        """
        <!DOCTYPE html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta name="color-scheme" content="light dark">
        <title>\(escaped(title))</title>
        <style>\(StatusStyle.sheet)</style>
        </head>
        <body>

        """
    }

    private mutating func head(_ host: String) {
        let total = report.requests.reduce(0) { $0 &+ $1.total }
        let rejected = report.requests.reduce(0) { $0 &+ $1.rejections.reduce(0, &+) }
        html += Self.start("mod_wsgi on \(host)")
        html += "<header>\n<h1>mod_wsgi <span>on \(Self.escaped(host))</span></h1>\n"
        html += "<p>Version \(Self.escaped(report.version)), \(Units.time(report.time)) UTC. "
        html += "Also as <a href=\"?json\">JSON</a> and <a href=\"?auto\">text</a>.</p>\n</header>\n<main>\n"
        if report.needsSupervisor, report.supervisorStarted == nil {
            html += "<p class=\"bad note\">The supervisor of the daemon processes does not answer. "
            html += "What it knows of processes and code is missing here.</p>\n"
        }
        html += "<dl class=\"tiles\">\n"
        tile("Requests", "\(total)")
        tile("Rejected", "\(rejected)")
        tile(
            "Busy threads",
            "\(report.groups.reduce(0) { $0 + $1.busy }) of \(report.groups.reduce(0) { $0 + $1.threads })")
        tile("Waiting", "\(report.groups.reduce(0) { $0 + $1.waiting })")
        html += "</dl>\n"
    }

    private mutating func tile(_ name: String, _ value: String, isBad: Bool = false) {
        html += "<div><dt>\(name)</dt><dd\(isBad ? " class=\"bad\"" : "")>\(Self.escaped(value))</dd></div>\n"
    }

    private mutating func group(_ group: GroupStatus) {
        let facts = group.facts ?? GroupFacts()
        html += "<section>\n<h2>\(Self.escaped(group.name)) "
        html += "<span class=\"badge \(group.state.rawValue)\">\(group.state.rawValue)</span>"
        if group.isOverloaded { html += " <span class=\"badge failed\">overloaded</span>" }
        html += "</h2>\n"
        if !facts.problem.isEmpty {
            html += "<p class=\"bad note\">The present definition cannot be run: \(Self.escaped(facts.problem))</p>\n"
        }
        html += "<div class=\"row\">\n" + Chart.saturation(facts.saturation) + "<dl class=\"tiles\">\n"
        tile("Busy threads", "\(group.busy) of \(group.threads)")
        let age = group.waiting > 0 ? " for \(Units.duration(Int64(group.queueAge) * 1_000))" : ""
        tile("Waiting requests", "\(group.waiting)\(age)")
        let crashes = facts.crashes.reduce(0) { $0 + $1.count }
        tile("Crashes", "\(crashes)", isBad: crashes > 0)
        tile("Failed deploys", "\(facts.failedDeploys)", isBad: facts.slots.contains { $0.staleSince > 0 })
        html += "</dl>\n</div>\n"
        code(facts)
        processes(facts)
        threads(facts)
        html += "</section>\n"
    }

    private mutating func code(_ facts: GroupFacts) {
        var seen: [CodeFacts] = []
        for code in facts.slots.flatMap(\.code) where !seen.contains(code) { seen.append(code) }
        for slot in facts.slots where slot.failed != nil {
            guard let failed = slot.failed else { continue }
            html +=
                "<div class=\"note bad\"><strong>\(Self.escaped(failed.path))</strong> of \(Units.time(failed.modified)) "
            html += "UTC could not be started"
            html += slot.attempts > 1 ? " (\(slot.attempts) attempts)" : ""
            html += slot.staleSince > 0 ? "; older code serves" : ""
            html +=
                ".<code>\(Self.escaped(slot.failure.split(separator: "\n").last.map(String.init) ?? ""))</code></div>\n"
            break
        }
        guard !seen.isEmpty else { return }
        table("Code that serves", ["Script", "Modified (UTC)"]) { page in
            for code in seen { page.row(["Script", "Modified (UTC)"], [code.path, Units.time(code.modified)]) }
        }
    }

    private mutating func processes(_ facts: GroupFacts) {
        let names = ["Process", "State", "Age", "Requests", "Memory", "CPU", "Files", "Started because"]
        guard facts.slots.contains(where: { !$0.processes.isEmpty }) else { return }
        table("Processes", names) { page in
            for process in facts.slots.flatMap(\.processes) {
                page.row(
                    names,
                    [
                        "\(process.process)", process.state, Units.duration(page.report.time - process.started),
                        "\(process.requests)", Units.size(process.memory), Units.duration(process.cpu),
                        "\(process.descriptors)", process.cause,
                    ])
            }
        }
    }

    private mutating func threads(_ facts: GroupFacts) {
        let running = facts.slots.flatMap(\.processes)
            .flatMap { process in process.running.map { (process: process.process, thread: $0) } }
            .sorted { $0.thread.duration > $1.thread.duration }
        guard !running.isEmpty else { return }
        let clients = running.contains { !$0.thread.client.isEmpty } ? ["Client"] : []
        let names = ["Time", "Request"] + clients + ["Process", "Thread", "Stack"]
        table("Running requests", names) { page in
            for (process, thread) in running {
                let cut = thread.isCut ? " (its client has been answered)" : ""
                page.row(
                    names,
                    [Units.duration(thread.duration), thread.line + cut] + clients.map { _ in thread.client }
                        + ["\(process)", "\(thread.thread)"],
                    link: (query: "stack=\(thread.id)", text: thread.id))
            }
        }
    }

    /// The requests that run in processes of httpd.
    private mutating func embedded() {
        guard let embedded = report.embedded else { return }
        html +=
            "<section>\n<h2>Embedded mode <span class=\"badge serving\">in httpd</span></h2>\n<dl class=\"tiles\">\n"
        tile("Busy threads", "\(embedded.count)")
        html += "</dl>\n"
        if !embedded.isEmpty {
            let clients = embedded.contains { !$0.thread.client.isEmpty } ? ["Client"] : []
            let names = ["Time", "Request"] + clients + ["Process", "Id"]
            table("Running requests", names) { page in
                for (process, thread) in embedded.map({ ($0.process, $0.thread) }) {
                    page.row(
                        names,
                        [Units.duration(thread.duration), thread.line] + clients.map { _ in thread.client }
                            + ["\(process)", thread.id])
                }
            }
        }
        html += "</section>\n"
    }

    private mutating func requests() {
        let rows = report.requests.filter { $0.total > 0 }
        guard !rows.isEmpty else { return }
        let names = ["Group", "Virtual host", "Requests", "4xx", "5xx", "Rejected", "Mean", "95 % below", "Queue 95 %"]
        html += "<section>\n"
        table("Requests since httpd was started", names) { page in
            for row in rows {
                page.row(
                    names,
                    [
                        row.group.isEmpty ? "-" : row.group, row.host, "\(row.total)", "\(row.classes[4])",
                        "\(row.classes[5])", "\(row.rejections.reduce(0, &+))", Self.time(row.application.mean),
                        Self.time(row.application.quantile(95)), Self.time(row.queue.quantile(95)),
                    ])
            }
        }
        html += "</section>\n"
    }

    private static func time(_ microseconds: Int64?) -> String {
        guard let microseconds else { return "-" }
        guard microseconds < 1_000_000 else { return Units.duration(microseconds) }
        return "\(microseconds / 1_000).\(microseconds % 1_000 / 100)\u{A0}ms"
    }

    /// Slow requests on the page; there are more in the JSON.
    private static let mostSlow = 15

    private mutating func slowest() {
        guard !report.slowest.isEmpty else { return }
        let names = ["Time", "Request", "Status", "Queue", "Application", "Read", "Write", "Ended", "Id"]
        html += "<section>\n"
        table("Slowest requests of the last 15 minutes", names) { page in
            for request in page.report.slowest.prefix(Self.mostSlow) {
                page.row(
                    names,
                    [
                        Units.duration(request.duration), request.line, "\(request.status)",
                        Units.duration(request.times[0]), Units.duration(request.times[1]),
                        Units.duration(request.times[2]), Units.duration(request.times[3]),
                        "\(Units.duration(request.age)) ago", request.id,
                    ])
            }
        }
        html += "</section>\n"
    }

    private mutating func messages() {
        guard !report.messages.isEmpty else { return }
        html += "<section>\n"
        table("Messages in the error log", ["Id", "Count"]) { page in
            for message in page.report.messages { page.row(["Id", "Count"], [message.name, "\(message.count)"]) }
        }
        html += "</section>\n"
    }

    // MARK: - Tables

    private mutating func table(_ title: String, _ names: [String], _ rows: (inout StatusPage) -> Void) {
        html += "<table>\n<caption>\(title)</caption>\n<thead><tr>"
        for name in names { html += "<th scope=\"col\">\(name)</th>" }
        html += "</tr></thead>\n<tbody>\n"
        rows(&self)
        html += "</tbody>\n</table>\n"
    }

    /// The columns whose cells may be broken anywhere.
    private static let texts: Set = ["Group", "Request", "Script", "Started because", "Virtual host"]

    /// A row; narrow windows show the names of the columns in each cell.
    private mutating func row(_ names: [String], _ cells: [String], link: (query: String, text: String)? = nil) {
        html += "<tr>"
        for (name, cell) in zip(names, cells) {
            let kind = Self.texts.contains(name) ? " class=\"text\"" : ""
            html += "<td\(kind) data-name=\"\(name)\">\(Self.escaped(cell))</td>"
        }
        if let link, let name = names.last {
            html +=
                "<td data-name=\"\(name)\"><a href=\"?\(Self.encoded(link.query))\">\(Self.escaped(link.text))</a></td>"
        }
        html += "</tr>\n"
    }

    // MARK: - Syntax

    /// A text for HTML. Nothing in it ends an element or an attribute.
    static func escaped(_ text: String) -> String {
        var escaped = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": escaped += "&amp;"
            case "<": escaped += "&lt;"
            case ">": escaped += "&gt;"
            case "\"": escaped += "&quot;"
            case "'": escaped += "&#39;"
            case "\u{0}"..."\u{8}", "\u{B}"..."\u{1F}", "\u{7F}": escaped += "?"
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        return escaped
    }

    /// A query for a link: all bytes that are not letters, digits or harmless are percent-encoded.
    static func encoded(_ query: String) -> String {
        var encoded = ""
        for byte in query.utf8 {
            let scalar = Unicode.Scalar(byte)
            switch scalar {
            case "a"..."z", "A"..."Z", "0"..."9", "-", "_", ".", "=": encoded.unicodeScalars.append(scalar)
            default: encoded += "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
            }
        }
        return encoded
    }
}
