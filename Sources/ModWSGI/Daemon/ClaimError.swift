/// The reason why a request got no thread of a worker. Times are in milliseconds.
enum ClaimError: Error {
    /// No worker of the group can be started at present.
    case unavailable
    /// httpd stops, or a reload has removed the group.
    case stopping
    /// The request could not be served in time; the value is its expected wait.
    case late(Int)
    /// The group is overloaded; the value is the expected wait of the request, if known.
    case overload(Int?)
    /// No thread became free within `connect-timeout`, and at least `listen-backlog` requests wait before this one.
    case queueFull
    /// No thread became free in time.
    case timeout
    /// The client disconnected while its request waited.
    case clientGone
    /// The request is nested in one that holds a thread, and the worker of that one cannot finish first.
    case nested
}
