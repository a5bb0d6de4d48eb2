internal import ProcessKit

/// The process groups of the configuration, and the scoreboard that httpd's processes and the supervisor share.
///
/// The parent writes them in `post_config`, a child writes its own number in `child_init`, both before any other thread
/// exists. Requests only read them.
enum DaemonGroups {
    /// All groups, in the order of definition.
    @safe nonisolated(unsafe) static var all: [DaemonGroup] = []  // cold: made by the parent
    /// The scoreboard; `nil` if there are no process groups.
    @safe nonisolated(unsafe) static var scoreboard: Scoreboard?
    /// The supervisor's facts for the status pages; `nil`: there is no supervisor.
    @safe nonisolated(unsafe) static var inspection: Inspection?  // cold: made by the parent
    /// The scoreboard as this child sees it.
    @safe nonisolated(unsafe) static var childScoreboard: ChildScoreboard?
}
