internal import CHTTPD
internal import Synchronization

/// httpd's multi-processing module, as this process sees it.
enum MPM {
    /// The number of requests that a child of httpd can serve at a time. Set by the parent.
    @safe nonisolated(unsafe) static var threadsPerChild = 0
    /// The number of requests that all children of httpd can serve at a time. Set by the parent.
    @safe nonisolated(unsafe) static var requestThreads = 0

    /// The number of httpd's threads that requests of one group may occupy if others are to be served: nine tenths.
    static var share: Int { requestThreads &* 9 / 10 }

    private static let stopping = Atomic<Bool>(false)

    /// Whether httpd is stopping this child. Waits end then.
    static var isStopping: Bool { stopping.load(ordering: .relaxed) }

    /// Ends all waits for workers.
    static func stop() { stopping.store(true, ordering: .relaxed) }

    /// Called when a new configuration is read. httpd keeps the module, and with it this state, across restarts.
    static func reset() { stopping.store(false, ordering: .relaxed) }

    /// Whether httpd runs as `httpd -X`: the terminal then belongs to the debugger.
    static var isSingleProcess: Bool {
        unsafe ap_exists_config_define("ONE_PROCESS") != 0 || ap_exists_config_define("DEBUG") != 0
    }

    /// The result of `ap_mpm_query`. 0 if the MPM does not know it.
    static func query(_ question: Int32) -> Int {
        var answer: Int32 = 0
        return unsafe ap_mpm_query(question, &answer) == APR_SUCCESS ? Int(answer) : 0
    }
}
