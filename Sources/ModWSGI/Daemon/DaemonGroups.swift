internal import CSharedMemory

/// The process groups of the configuration, and the scoreboard that httpd's processes and the supervisor share.
///
/// The parent writes it in `post_config`, a child its own number in `child_init`, both before any other thread exists;
/// requests only read it.
enum DaemonGroups {
    /// All groups, in the order of definition.
    @safe nonisolated(unsafe) static var all: [DaemonGroup] = []  // cold: made by the parent
    /// The scoreboard; `nil` while there are no process groups.
    nonisolated(unsafe) static var board: UnsafeMutablePointer<wsgi_scoreboard>?
    /// This child's number in the scoreboard.
    @safe nonisolated(unsafe) static var child: UInt32 = UInt32(WSGI_MAX_CHILDREN)
}
