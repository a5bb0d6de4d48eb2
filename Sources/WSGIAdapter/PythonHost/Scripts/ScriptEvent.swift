public import WSGICore

/// The reports of a process about its scripts to the supervisor, which starts its successors.
public enum ScriptEvent: Sendable {
    /// A request has made the process load the script at this path.
    case loading(String)
    /// The application was found. A successor has to find it before it takes over.
    case loaded(ScriptSpec)
    /// The script could not be imported when the process started. The process serves nevertheless.
    case unusable(ScriptSpec)
    /// A request has arrived for a changed file: its path, its modification time in microseconds since 1970 (0: the
    /// script requests a reload), and whether the request waits for the successor.
    case changed(path: String, modified: Int64, isAwaited: Bool)
}

/// The listener for script events.
enum ScriptEvents {
    private static let listener = Locked<(@Sendable (ScriptEvent) -> Void)?>(nil)

    /// Sets the function that is called for each event, without the GIL and on any thread.
    static func listen(_ callback: @escaping @Sendable (ScriptEvent) -> Void) {
        listener.withLock { $0 = callback }
    }

    /// Reports an event. Without the GIL.
    static func announce(_ event: ScriptEvent) {
        let callback = listener.withLock { $0 }
        callback?(event)
    }
}
