public import WSGICore

/// What a process reports about its scripts to the supervisor, which starts its successors.
public enum ScriptEvent: Sendable {
    /// A request makes the process load the script of this path.
    case loading(String)
    /// The application was found; a successor has to find it before it takes over.
    case loaded(ScriptSpec)
    /// The script could not be imported when the process started, and it serves nevertheless.
    case unusable(ScriptSpec)
    /// A request has come for a changed file: its path, its time in microseconds since 1970 (0: the script itself wants to
    /// be loaded again), and whether the request waits for the successor.
    case changed(path: String, modified: Int64, isAwaited: Bool)
}

/// Where events of scripts go.
enum ScriptEvents {
    private static let listener = Locked<(@Sendable (ScriptEvent) -> Void)?>(nil)

    /// Sets what is called, without the GIL and on any thread, for each event.
    static func listen(_ callback: @escaping @Sendable (ScriptEvent) -> Void) {
        listener.withLock { $0 = callback }
    }

    /// Reports an event. Without the GIL.
    static func announce(_ event: ScriptEvent) {
        let callback = listener.withLock { $0 }
        callback?(event)
    }
}
