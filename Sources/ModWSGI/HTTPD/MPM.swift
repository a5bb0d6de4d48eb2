internal import CHTTPD
internal import Synchronization

/// httpd's multi-processing module, as this process sees it.
enum MPM {
    /// How many requests a child of httpd can serve at a time. Set by the parent.
    @safe nonisolated(unsafe) static var threadsPerChild = 0
    /// How many requests all children of httpd can serve at a time. Set by the parent.
    @safe nonisolated(unsafe) static var requestThreads = 0

    private static let stopping = Atomic<Bool>(false)

    /// Whether httpd is shutting this child down; waits are to end.
    static var isStopping: Bool { stopping.load(ordering: .relaxed) }

    /// Ends all waits for workers.
    static func stop() { stopping.store(true, ordering: .relaxed) }

    /// A new configuration is being read: httpd keeps the module, and so this state, over restarts.
    static func reset() { stopping.store(false, ordering: .relaxed) }

    /// Whether httpd runs as `httpd -X`, in which case the terminal belongs to the debugger.
    static var isSingleProcess: Bool {
        unsafe ap_exists_config_define("ONE_PROCESS") != 0 || ap_exists_config_define("DEBUG") != 0
    }

    /// What the MPM answers to a question of `ap_mpm_query`; 0 when it does not know.
    static func query(_ question: Int32) -> Int {
        var answer: Int32 = 0
        return unsafe ap_mpm_query(question, &answer) == APR_SUCCESS ? Int(answer) : 0
    }
}
