/// Scripts with which successors could not be started, as the files were then: as long as one of them is unchanged a
/// further attempt that only a change of scripts asks for would end the same way.
struct FailedCode {
    /// One script.
    struct Entry: Equatable {
        /// The time of its file, in microseconds since 1970.
        var modified: Int64
        /// Attempts that have failed because of it.
        var count: Int
        /// Until when it stands, on the monotonic clock, because nobody has said that the script is to blame; `nil`: until
        /// the file changes.
        var until: Int64?
    }

    /// How long a script is suspected whose successor has died without a word.
    static let suspicion: Int64 = 30_000

    /// The most scripts that are remembered; each is looked at while it stands.
    static let most = 64

    private var entries: [String: Entry] = [:]

    /// Notes that a successor could not import the script, and answers how often that was so with this file.
    mutating func note(_ path: String, modified: Int64) -> Int {
        let known = entries[path]
        let count = known?.modified == modified ? (known?.count ?? 0) + 1 : 1
        makeRoom(for: path)
        entries[path] = Entry(modified: modified, count: count, until: nil)
        return count
    }

    /// Notes that a successor has died which was to run the script.
    mutating func suspect(_ path: String, modified: Int64, at now: Int64) {
        guard entries[path]?.modified != modified else { return }
        makeRoom(for: path)
        entries[path] = Entry(modified: modified, count: 1, until: now + Self.suspicion)
    }

    /// Names of scripts come from workers, too, which may make them up.
    private mutating func makeRoom(for path: String) {
        guard entries[path] == nil, entries.count >= Self.most, let other = entries.keys.first else { return }
        entries[other] = nil
    }

    /// Forgets everything: a successor has come up, or the group is another one.
    mutating func clear() { entries.removeAll() }

    /// Whether one of the scripts is still as it was when it failed, or may be; the others are forgotten.
    ///
    /// - Parameter modified: The times of scripts' files; negative: nobody knows.
    mutating func isStanding(at now: Int64, modified: ([String]) -> [Int64]) -> Bool {
        entries = entries.filter { $0.value.until.map { now < $0 } ?? true }
        guard !entries.isEmpty else { return false }
        let paths = Array(entries.keys)
        for (path, found) in zip(paths, modified(paths)) where found >= 0 && found != entries[path]?.modified {
            entries[path] = nil
        }
        return !entries.isEmpty
    }

    /// Whether this script is known to fail with the file of this time.
    func blames(_ path: String, modified: Int64) -> Bool {
        guard let entry = entries[path] else { return false }
        return entry.until == nil && entry.modified == modified
    }
}
