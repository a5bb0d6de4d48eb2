internal import WSGICore

/// Code with which no successor could start. The loaded code keeps serving until the file changes again.
enum FailedCode {
    private static let known = Locked<[String: Int64]>([:])

    /// Whether a successor with the file of this modification time has failed to start.
    static func contains(_ path: String, modified: Int64) -> Bool {
        known.withLock { $0[path] == modified }
    }

    /// Records it.
    static func insert(_ path: String, modified: Int64) {
        known.withLock { $0[path] = modified }
    }
}

/// Scripts that other processes of the group serve. If one of them does not work here, its requests are passed to those
/// processes: a broken or half-written deployment must not affect a process only because it had no request for the
/// script before.
enum ProvenScripts {
    /// The maximum number of entries, more than a supervisor sends.
    private static let most = 128
    private static let known = Locked<[ScriptSpec]>([])

    /// Whether this script is served by another process.
    static func contains(where isSame: (ScriptSpec) -> Bool) -> Bool {
        known.withLock { $0.contains(where: isSame) }
    }

    /// Records it.
    static func insert(_ script: ScriptSpec) {
        known.withLock { known in
            if known.count < most, !known.contains(where: script.isSameApplication(as:)) { known.append(script) }
        }
    }
}
