internal import CHTTPD
internal import CSharedMemory
internal import ProcessKit
internal import WSGICore
internal import WSGIStatus

/// Collects the state of this module from shared memory.
enum StatusCollector {
    /// The present state.
    static func report() -> StatusReport {
        var report = StatusReport()
        report.time = Clock.wallMicroseconds()
        report.version = ModuleVersion.text
        report.requests = requests()
        report.groups = DaemonGroups.all.map(status)
        report.slowest = slowest()
        report.needsSupervisor = !DaemonGroups.all.isEmpty
        report.embedded = embedded(report.requests)
        let facts = SupervisorQuestion.facts()
        report.messages = messages(and: facts?.messages ?? [])
        report.supervisorStarted = facts?.started
        for group in facts?.groups ?? [] {
            guard let index = report.groups.firstIndex(where: { $0.name == group.name }) else { continue }
            report.groups[index].facts = showsClients ? group : withoutClients(group)
        }
        return report
    }

    // MARK: - Running requests

    /// Addresses of clients are shown as mod_status shows them: if `ExtendedStatus` is `On`.
    private static var showsClients: Bool { chttpd_has_extended_status() }

    private static func withoutClients(_ group: GroupFacts) -> GroupFacts {
        var group = group
        for slot in group.slots.indices {
            for process in group.slots[slot].processes.indices {
                for thread in group.slots[slot].processes[process].running.indices {
                    group.slots[slot].processes[process].running[thread].client = ""
                }
            }
        }
        return group
    }

    private static func embedded(_ requests: [RequestCounts]) -> [EmbeddedRequest]? {
        let now = Clock.nanoseconds()
        let name = MetricsNames.groups.name(MetricsNames.embedded)
        let running = Metrics.embedded?.running ?? []
        guard !running.isEmpty || requests.contains(where: { $0.group == name }) else { return nil }
        return running.map { process, request in
            var thread = ThreadFacts()
            thread.id = request.id
            thread.client = showsClients ? request.client : ""
            thread.line = request.line
            thread.duration = Int64(clamping: (now > request.started ? now - request.started : 0) / 1_000)
            return EmbeddedRequest(process: Int64(process), thread: thread)
        }
        .sorted { $0.thread.duration > $1.thread.duration }
    }

    // MARK: - Counters

    private static func requests() -> [RequestCounts] {
        let groups = Set(DaemonGroups.all.map(\.number) + [MetricsNames.embedded, MetricsNames.unknown])
        let hosts = presentHosts()
        guard let metrics = Metrics.current else { return [] }
        let rows = metrics.totals.compactMap { totals -> RequestCounts? in
            let isOther = totals.group == .max
            guard isOther || groups.contains(totals.group) && hosts.contains(totals.host) else { return nil }
            var row = RequestCounts(
                group: MetricsNames.groups.name(totals.group) ?? "others",
                host: MetricsNames.hosts.name(totals.host) ?? "others")
            row.classes = words(totals.classes)
            row.rejections = words(totals.rejections)
            row.queue = histogram(totals.times.0.counts, totals.times.0.sum)
            row.application = histogram(totals.times.1.counts, totals.times.1.sum)
            row.read = histogram(totals.times.2.counts, totals.times.2.sum)
            row.write = histogram(totals.times.3.counts, totals.times.3.sum)
            return isOther && row.total == 0 ? nil : row
        }
        return rows.sorted { ($0.group, $0.host) < ($1.group, $1.host) }
    }

    /// The numbers of the virtual hosts of the present configuration.
    private static func presentHosts() -> Set<UInt32> {
        var hosts: Set<UInt32> = []
        var next: Server? = unsafe chttpd_main_server()
        while let server = unsafe next {
            if let config = unsafe ConfigBridge.server(server) { hosts.insert(config.number) }
            unsafe next = server.pointee.next
        }
        return hosts
    }

    private static func histogram(_ counts: some Any, _ sum: UInt64) -> Histogram {
        Histogram(counts: words(counts), sum: sum)
    }

    /// The elements of an array of C.
    private static func words(_ array: some Any) -> [UInt64] {
        unsafe withUnsafeBytes(of: array) { unsafe Array($0.bindMemory(to: UInt64.self)) }
    }

    /// Messages of httpd's processes, and of the supervisor.
    private static func messages(and others: [NamedCount]) -> [NamedCount] {
        LogID.allCases.compactMap { id in
            let own = Int64(clamping: Metrics.current?.count(of: id.rawValue) ?? 0)
            let count = own &+ (others.first { $0.name == id.tag }?.count ?? 0)
            return count > 0 ? NamedCount(id.tag, count) : nil
        }
    }

    private static func slowest() -> [SlowRequest] {
        let now = Clock.nanoseconds()
        guard let metrics = Metrics.current else { return [] }
        return metrics.slowest.map { found in
            var request = SlowRequest()
            request.group = MetricsNames.groups.name(found.group) ?? ""
            request.host = MetricsNames.hosts.name(found.host) ?? ""
            request.id = text(found.id, found.id_length)
            request.line = text(found.line, found.line_length)
            request.status = Int(found.status)
            request.age = Int64(clamping: (now &- found.ended) / 1_000)
            request.times = words(found.times).map { Int64(clamping: $0 / 1_000) }
            return request
        }
    }

    /// A text in shared memory, with all bytes that are not printable ASCII replaced by question marks.
    private static func text(_ array: some Any, _ length: UInt16) -> String {
        unsafe withUnsafeBytes(of: array) { bytes in
            unsafe String(
                decoding: bytes.prefix(Int(length)).map { $0 >= 0x20 && $0 < 0x7F ? $0 : UInt8(ascii: "?") },
                as: UTF8.self)
        }
    }

    // MARK: - Groups

    private static func status(of group: DaemonGroup) -> GroupStatus {
        var status = GroupStatus(name: group.name)
        guard let scoreboard = DaemonGroups.childScoreboard else { return status }
        switch scoreboard.state(of: group.index) {
        case .starting: status.state = .starting
        case .serving: status.state = .serving
        case .failed: status.state = .failed
        case .stopped: status.state = .stopped
        }
        for slot in group.slots {
            let threads = scoreboard.threads(of: slot.index)
            status.threads &+= threads
            // A damaged count of threads must not matter.
            status.busy &+= min(Int(scoreboard.load(of: slot.index)), threads)
        }
        let queue = scoreboard.queue(of: group.index).facts
        status.waiting = Int(queue.length)
        status.queueAge = queue.length > 0 ? Int(queue.age) : 0
        status.isOverloaded = queue.is_overload
        return status
    }
}
