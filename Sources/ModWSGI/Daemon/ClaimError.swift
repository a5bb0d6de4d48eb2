/// Why no worker could be had. Times are milliseconds.
enum ClaimError: Error {
    /// No worker of the group can be started, or it is being removed.
    case unavailable
    /// The request could not be served in time: it would wait for so long.
    case late(Int)
    /// The group is overloaded; the request would wait for so long.
    case overload(Int?)
    /// No thread became free in `connect-timeout`, and `listen-backlog` requests or more wait before it.
    case queueFull
    /// No thread became free in time.
    case timeout
    /// The client went away while its request waited.
    case clientGone
    /// The request is nested in one that holds a thread, whose worker will not be done before.
    case nested
}
