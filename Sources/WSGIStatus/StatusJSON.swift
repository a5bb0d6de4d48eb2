internal import WSGICore

/// The page of wsgi-status as JSON; `docs/reference/wsgi-status.schema.json` describes it. Times are in seconds.
public enum StatusJSON {
    /// The media type of the page.
    public static let mediaType = "application/json"

    /// The page for a report.
    public static func page(_ report: StatusReport) -> String {
        var json = JSON()
        json.object { json in
            json.string("version", report.version)
            json.seconds("time", report.time)
            if let started = report.supervisorStarted {
                json.seconds("supervisor_started", started)
            } else {
                json.null("supervisor_started")
            }
            json.list("groups", report.groups) { group(&$0, $1, at: report.time) }
            if let embedded = report.embedded {
                json.list("embedded", embedded) { json, request in
                    json.number("pid", request.process)
                    running(&json, request.thread)
                }
            } else {
                json.null("embedded")
            }
            json.list("requests", report.requests, requests)
            json.list("slowest", report.slowest, slowest)
            json.counts("messages", report.messages.map { ($0.name, $0.count) })
        }
        return json.text + "\n"
    }

    /// The page with the Python stack of a request.
    ///
    /// - Parameter stack: Empty: the request does not run in a daemon process. `nil`: its process has not answered.
    public static func stack(of id: String, _ stack: String?) -> String {
        var json = JSON()
        json.object { json in
            json.string("id", id)
            if let stack { json.string("stack", stack) } else { json.null("stack") }
        }
        return json.text + "\n"
    }

    private static func group(_ json: inout JSON, _ group: GroupStatus, at time: Int64) {
        json.string("name", group.name)
        json.string("state", group.state.rawValue)
        json.number("threads", group.threads)
        json.number("busy", group.busy)
        json.number("waiting", group.waiting)
        json.seconds("queue_age", Int64(group.queueAge) * 1_000)
        json.flag("overloaded", group.isOverloaded)
        let facts = group.facts ?? GroupFacts()
        json.string("problem", facts.problem)
        json.counts("starts", facts.starts.map { ($0.name, $0.count) })
        json.counts("crashes", facts.crashes.map { ($0.name, $0.count) })
        json.number("failed_deploys", facts.failedDeploys)
        json.seconds("cpu", facts.cpu)
        json.numbers("saturation", facts.saturation)
        json.numbers("queue", facts.waiting)
        json.list("slots", facts.slots) { slot(&$0, $1, at: time) }
    }

    private static func slot(_ json: inout JSON, _ slot: SlotFacts, at time: Int64) {
        json.number("slot", slot.index)
        json.list("code", slot.code, code)
        if let failed = slot.failed {
            json.object("failed_code") { json in
                code(&json, failed)
                json.string("reason", slot.failure)
                json.number("attempts", slot.attempts)
            }
        } else {
            json.null("failed_code")
        }
        json.seconds("stale", slot.staleSince > 0 ? max(time - slot.staleSince, 0) : 0)
        json.list("processes", slot.processes) { process(&$0, $1, at: time) }
    }

    private static func code(_ json: inout JSON, _ code: CodeFacts) {
        json.string("path", code.path)
        json.seconds("modified", max(code.modified, 0))
    }

    private static func process(_ json: inout JSON, _ process: WorkerFacts, at time: Int64) {
        json.number("pid", process.process)
        json.number("generation", process.generation)
        json.string("state", process.state)
        json.seconds("age", max(time - process.started, 0))
        json.string("started_by", process.reason)
        json.string("started_because", process.cause)
        json.number("requests", process.requests)
        json.number("memory", process.memory)
        json.seconds("cpu", process.cpu)
        json.number("files", process.descriptors)
        json.number("connections", process.sockets)
        json.number("threads", process.threads)
        json.list("running", process.running) { json, thread in
            json.number("thread", thread.thread)
            running(&json, thread)
            json.flag("answered", thread.isCut)
        }
    }

    private static func running(_ json: inout JSON, _ thread: ThreadFacts) {
        json.string("id", thread.id)
        if thread.client.isEmpty { json.null("client") } else { json.string("client", thread.client) }
        json.string("request", thread.line)
        json.seconds("duration", thread.duration)
    }

    private static func requests(_ json: inout JSON, _ row: RequestCounts) {
        json.string("group", row.group)
        json.string("vhost", row.host)
        json.counts(
            "status",
            row.classes.prefix(6).enumerated().map {
                ($0.offset == 0 ? "none" : "\($0.offset)xx", Int64(clamping: $0.element))
            })
        json.counts(
            "rejections",
            RejectionReason.allCases.compactMap { reason in
                guard Int(reason.rawValue) < row.rejections.count else { return nil }
                let count = row.rejections[Int(reason.rawValue)]
                return count > 0 ? (reason.name, Int64(clamping: count)) : nil
            })
        for (key, histogram) in [
            ("queue", row.queue), ("application", row.application), ("read", row.read), ("write", row.write),
        ] as [(StaticString, Histogram)] {
            json.object(key) { json in
                json.number("count", histogram.count)
                json.seconds("sum", Int64(clamping: histogram.sum))
                json.numbers("buckets", histogram.counts)
            }
        }
    }

    private static func slowest(_ json: inout JSON, _ request: SlowRequest) {
        json.string("id", request.id)
        json.string("group", request.group)
        json.string("vhost", request.host)
        json.string("request", request.line)
        json.number("status", request.status)
        json.seconds("ended_ago", request.age)
        json.seconds("duration", request.duration)
        json.seconds("queue", request.times[0])
        json.seconds("application", request.times[1])
        json.seconds("read", request.times[2])
        json.seconds("write", request.times[3])
    }
}
