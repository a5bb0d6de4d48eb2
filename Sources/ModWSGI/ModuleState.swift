internal import CHTTPD
internal import CSystem
internal import Synchronization
internal import WSGIConfig

/// The one global of the module: what a process has set up for its requests.
///
/// The parent writes it in `post_config`, a child in `child_init`, both before any other thread exists; requests only
/// read it. A child's embedded engine is the exception and has its own lock.
enum ModuleState {
    /// The names of the process groups and who may use them.
    @safe nonisolated(unsafe) static var names: ProcessGroups?
    /// The process groups, in the same order.
    @safe nonisolated(unsafe) static var groups: [DaemonGroup] = []
    /// The scoreboard; `nil` while there are no process groups.
    nonisolated(unsafe) static var board: UnsafeMutablePointer<wsgi_scoreboard>?
    /// This child's place in the scoreboard.
    @safe nonisolated(unsafe) static var child: UInt32 = UInt32(WSGI_MAX_CHILDREN)
    /// How many requests a child of httpd can serve at a time.
    @safe nonisolated(unsafe) static var threadsPerChild = 0
    /// How many requests all children of httpd can serve at a time.
    @safe nonisolated(unsafe) static var requestThreads = 0
    /// What embedded requests need; `nil` when they are refused.
    @safe nonisolated(unsafe) static var embedded: EmbeddedPlan?
    /// Whether the server's configuration names scripts that run in children whatever happens to applications.
    @safe nonisolated(unsafe) static var expectsHooks = false
    /// Whether `WSGIRestrictEmbedded` is on.
    @safe nonisolated(unsafe) static var restrictsEmbedded = false
    /// Whether the configuration mentions the variables of `LogVariables`.
    @safe nonisolated(unsafe) static var setsVariables = false
    /// Whether the configuration takes CGI's variables from httpd's environment.
    @safe nonisolated(unsafe) static var setsCGIVariables = false
    /// Whether paths of scripts that differ in case only are the same script.
    @safe nonisolated(unsafe) static var ignoresCase = false

    private static let stopping = Atomic<Bool>(false)

    /// Whether httpd is shutting this child down; waits are to end.
    static var isStopping: Bool { stopping.load(ordering: .relaxed) }

    /// Ends all waits for workers.
    static func stop() { stopping.store(true, ordering: .relaxed) }

    /// A new configuration is being read: httpd keeps the module, and so this state, over restarts.
    static func reset() {
        names = nil
        groups = []
        embedded = nil
        restrictsEmbedded = false
        ignoresCase = false
        setsVariables = false
        setsCGIVariables = false
        expectsHooks = false
        stopping.store(false, ordering: .relaxed)
    }

    /// Finds a group by name for a request of `server`. Nothing is allocated.
    static func find(_ name: UnsafeRawBufferPointer, from server: Server?) -> ProcessGroups.Lookup {
        guard let server = unsafe server, let here = unsafe ConfigBridge.server(server), let names else {
            return .unknown
        }
        return unsafe names.find(name, from: here.index)
    }
}
