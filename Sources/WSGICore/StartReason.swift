/// The names by which metrics count the starts of processes.
public enum StartReason {
    /// httpd was started.
    public static let first = "start"
    /// A restart of httpd added the process.
    public static let added = "added"
    /// The former process ended, or could not be started.
    public static let ended = "ended"
    /// httpd was restarted gracefully.
    public static let graceful = "graceful_restart"
    /// httpd was restarted with another definition of the group.
    public static let configuration = "configuration"

    /// All names. A process that requested its replacement is counted by the name of its `ShutdownReason`.
    public static let all = [first, added, ended, graceful, configuration] + ShutdownReason.allCases.map(\.name)
}

/// The names by which metrics count processes that ended unexpectedly.
public enum CrashKind {
    /// Ended by a signal.
    public static let signal = "signal"
    /// Ended with an exit code.
    public static let exit = "exit"
    /// Killed by the supervisor, because it was not ready or did not end in time.
    public static let killed = "killed"

    /// All names.
    public static let all = [signal, exit, killed]
}
