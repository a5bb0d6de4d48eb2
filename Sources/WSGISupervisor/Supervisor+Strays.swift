internal import ProcessKit
internal import WSGICore

/// Processes that workers have started and that have left their workers' sessions.
///
/// The supervisor becomes the parent of each process whose own parents end, so that none of them escapes. Only its user
/// and start time indicate which worker started such a process. It is ended with the last worker of its user that was
/// started before it.
extension Supervisor {
    /// The workers that may have started strays.
    private struct Origins {
        /// The ids of the workers.
        private var ids: Set<Int32> = []
        /// When the first worker of each user, and the first of all, was started.
        private var earliest: [UInt32: UInt64] = [:]
        private var first = UInt64.max

        init(_ homes: some Sequence<Home>) {
            for home in homes {
                let (user, birth) = (Supervisor.user(of: home), home.worker.birth)
                ids.insert(home.worker.process.id)
                earliest[user] = min(earliest[user] ?? .max, birth)
                first = min(first, birth)
            }
        }

        /// Whether the process is one of the workers.
        func contain(_ id: Int32) -> Bool { ids.contains(id) }

        /// Whether no worker that still runs can have started the process.
        func haveAbandoned(_ stray: ProcessFacts, users: Set<UInt32>) -> Bool {
            guard !ids.contains(stray.session) else { return false }
            // A program with a set-user-ID bit may have given it another user.
            guard let user = stray.user, users.contains(user) else { return first > stray.started }
            return earliest[user].map { $0 > stray.started } ?? true
        }
    }

    /// Interval at which ended strays are reaped, in milliseconds.
    private static let reapInterval: Int64 = 1_000

    /// Ends those of the `seen` processes that no running worker can have started.
    func endStrays(_ seen: [ProcessFacts], at now: Int64) {
        strays.isDue = false
        let (origins, users) = (Origins(homes.values), strays.users)
        // Processes of workers are never in the supervisor's own session. A helper of `FileView` is.
        let (own, session) = (CurrentProcess.id, CurrentProcess.session)
        let abandoned = seen.filter { process in
            process.parent == own && process.session != session && !process.hasEnded && !origins.contain(process.id)
                && origins.haveAbandoned(process, users: users)
        }
        let known = orphans.reduce(into: Set<Int32>()) { $0.formUnion($1.sessions) }
        var owners: [Int32: UInt32?] = [:]
        for stray in abandoned where !known.contains(stray.session) { owners[stray.session] = stray.user }
        let found = Set(abandoned.map(\.user))
        strays.killAt = strays.killAt.filter { found.contains($0.key) }
        var groups: [UInt32?: [ProcessFacts]] = [:]
        for process in seen where !process.hasEnded {
            guard let owner = owners[process.session] else { continue }
            groups[owner, default: []].append(process)
        }
        for (user, processes) in groups {
            let killAt = strays.killAt[user] ?? now + Self.orphansPatience
            strays.killAt[user] = killAt
            endOrphans(processes, killAt: killAt)
        }
    }

    /// Reaps strays that have ended.
    func reapStrays(at now: Int64) {
        guard now >= strays.reapAt else { return }
        strays.reapAt = now + Self.reapInterval
        let workers = Set(homes.values.map { $0.worker.process.id })
        for child in ProcessHandle.children() where !workers.contains(child) { ProcessHandle.reapStray(child) }
    }
}
