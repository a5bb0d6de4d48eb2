/// Scripts with which successors could not be started, with the times of their files. While one of them is unchanged,
/// another attempt that is requested only because scripts have changed would fail in the same way.
struct FailedCode {
    /// One script.
    struct Entry: Equatable {
        /// The time of its file, in microseconds since 1970.
        var modified: Int64
        /// Number of attempts that have failed because of it.
        var count: Int
        /// When the entry expires, on the monotonic clock, if the script is only suspected; `nil`: when the file
        /// changes.
        var until: Int64?
    }

    /// How long a script is suspected after a successor has ended without a report.
    static let suspicion: Int64 = 30_000

    /// Maximum number of entries. The file of each is checked as long as the entry exists.
    static let most = 64

    private var entries: [String: Entry] = [:]

    /// Records that a successor could not import the script. Returns how often this has happened with this file.
    mutating func note(_ path: String, modified: Int64) -> Int {
        let known = entries[path]
        let count = known?.modified == modified ? (known?.count ?? 0) + 1 : 1
        makeRoom(for: path)
        entries[path] = Entry(modified: modified, count: count, until: nil)
        return count
    }

    /// Records that a successor that was to run the script has died.
    mutating func suspect(_ path: String, modified: Int64, at now: Int64) {
        guard entries[path]?.modified != modified else { return }
        makeRoom(for: path)
        entries[path] = Entry(modified: modified, count: 1, until: now + Self.suspicion)
    }

    /// Limits the number of entries: workers send names of scripts, and may invent them.
    private mutating func makeRoom(for path: String) {
        guard entries[path] == nil, entries.count >= Self.most, let other = entries.keys.first else { return }
        entries[other] = nil
    }

    /// Removes all entries, because a successor is ready or the definition of the group has changed.
    mutating func clear() { entries.removeAll() }

    /// Whether a script is, or may be, unchanged since it failed. The entries of changed scripts are removed.
    ///
    /// - Parameter modified: The times of scripts' files; negative: unknown.
    mutating func isStanding(at now: Int64, modified: ([String]) -> [Int64]) -> Bool {
        entries = entries.filter { $0.value.until.map { now < $0 } ?? true }
        guard !entries.isEmpty else { return false }
        let paths = Array(entries.keys)
        for (path, found) in zip(paths, modified(paths)) where found >= 0 && found != entries[path]?.modified {
            entries[path] = nil
        }
        return !entries.isEmpty
    }

    /// Whether this script is known to fail with a file of this time.
    func blames(_ path: String, modified: Int64) -> Bool {
        guard let entry = entries[path] else { return false }
        return entry.until == nil && entry.modified == modified
    }
}
