internal import WSGICore

/// Code with which no successor could be started: the one that is loaded goes on serving until the file changes again.
enum RefusedCode {
    private static let known = Locked<[String: Int64]>([:])

    /// Whether a successor with the file of this time is out of the question.
    static func contains(_ path: String, modified: Int64) -> Bool {
        known.withLock { $0[path] == modified }
    }

    /// Notes it.
    static func insert(_ path: String, modified: Int64) {
        known.withLock { $0[path] = modified }
    }
}

/// Scripts with which other processes of the group serve. Where one of them does not work here, its requests are left to
/// those: a deployment that is broken, or half written, must not take a process down only because no request had come to it
/// before.
enum ProvenScripts {
    /// The most that are remembered: more than a supervisor tells of.
    private static let most = 128
    private static let known = Locked<[ScriptSpec]>([])

    /// Whether a script like this one does.
    static func contains(where isSame: (ScriptSpec) -> Bool) -> Bool {
        known.withLock { $0.contains(where: isSame) }
    }

    /// Notes it.
    static func insert(_ script: ScriptSpec) {
        known.withLock { known in
            if known.count < most, !known.contains(where: script.isSameApplication(as:)) { known.append(script) }
        }
    }
}
