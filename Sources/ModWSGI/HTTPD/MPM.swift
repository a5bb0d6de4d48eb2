internal import CHTTPD
internal import Synchronization

/// httpd's multi-processing module, as this process sees it.
enum MPM {
    /// Number of requests that a child of httpd can serve at a time. Set by the parent.
    @safe nonisolated(unsafe) static var threadsPerChild = 0
    /// Number of requests that all children of httpd together can serve at a time. Set by the parent.
    @safe nonisolated(unsafe) static var requestThreads = 0

    private static let stopping = Atomic<Bool>(false)

    /// Whether httpd is shutting down this child, so that waits must end.
    static var isStopping: Bool { stopping.load(ordering: .relaxed) }

    /// Ends all waits for workers.
    static func stop() { stopping.store(true, ordering: .relaxed) }

    /// Called when a new configuration is read: httpd keeps the module, and so this state, across restarts.
    static func reset() { stopping.store(false, ordering: .relaxed) }

    /// Whether httpd runs as `httpd -X`: the terminal then belongs to the debugger.
    static var isSingleProcess: Bool {
        unsafe ap_exists_config_define("ONE_PROCESS") != 0 || ap_exists_config_define("DEBUG") != 0
    }

    /// The result of a query to the MPM (`ap_mpm_query`); 0 if it is unknown.
    static func query(_ question: Int32) -> Int {
        var answer: Int32 = 0
        return unsafe ap_mpm_query(question, &answer) == APR_SUCCESS ? Int(answer) : 0
    }
}
