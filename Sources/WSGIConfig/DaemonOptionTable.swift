/// All options of `WSGIDaemonProcess`; an option is added by a property of `DaemonOptions` and a row here.
public enum DaemonOptionTable {
    /// Every option, in the order of the manual.
    public static let all: [DaemonOption] = rows.enumerated().map { $1.assigned(bit: 1 << UInt64($0)) }

    /// The option of this name; case counts.
    public static func option(named name: String) -> DaemonOption? {
        all.first { $0.name.description == name }
    }

    /// The largest number of processes that all groups together may have: as many as the scoreboard has slots.
    public static let maximumProcesses = 4096
    /// The largest number of groups: as many as the scoreboard has.
    public static let maximumGroups = 1024

    /// The longest time that can be given: 68 years, which any clock arithmetic can bear.
    private static let seconds: ValueKind<Int> = .seconds(0...Int(Int32.max))

    private static let rows: [DaemonOption] = [
        .init("processes", \.processes, .count(1...maximumProcesses), help: "Number of processes of the group."),
        .init(
            "threads", \.threads, .count(0...65533),
            help: "Number of threads that serve requests in each process; with 0 it only runs its scripts."),
        .init(
            "user", \.user, .account("user", allowsZero: false),
            help: "User the processes run as, when httpd is started by root."),
        .init(
            "group", \.group, .account("group", allowsZero: true),
            help: "Primary group of the processes, when httpd is started by root."),
        .init(
            "home", \.home, .absolutePath,
            help: "Working directory of the processes, and first place to look for modules."),
        .init("umask", \.umask, .umask, help: "File creation mask of the processes, in octal digits."),
        .init("lang", \.lang, .text("a value for LANG"), help: "Value of LANG in the processes."),
        .init(
            "locale", \.locale, .text("the name of a locale"),
            help: "Locale of the processes, also their value of LC_ALL."),
        .init(
            "display-name", \.displayName, .text("a text, or %{GROUP}"),
            help: "Name of the processes in process lists; %{GROUP} stands for (wsgi:name)."),
        .init(
            "python", \.python, .absolutePath,
            help: "Python executable that runs the processes, instead of python-home."),
        .init(
            "python-home", \.pythonHome, .pythonHome,
            help: "Python installation or virtual environment of the processes."),
        .init(
            "python-path", \.pythonPath, .searchPath,
            help: "Directories, separated by ':', in which to look for modules first."),
        .init(
            "stack-size", \.stackSize, .bytes(1...Int.max), help: "Size of the stack of each request thread in bytes."),
        .init(
            "maximum-requests", \.maximumRequests, .count(0...Int(Int32.max)),
            help: "Number of requests after which a process is replaced; 0 means never."),
        .init(
            "graceful-timeout", \.gracefulTimeout, seconds,
            help: "Time for requests under way to end when a process is replaced."),
        .init(
            "shutdown-timeout", \.shutdownTimeout, seconds,
            help: "Time for a process to end when it is told to."),
        .init(
            "connect-timeout", \.connectTimeout, seconds,
            help: "Time that a request waits for a process to become reachable."),
        .init(
            "socket-timeout", \.socketTimeout, seconds,
            help: "Time that one read or write between httpd and a process may take; 0 means httpd's Timeout."),
        .init(
            "listen-backlog", \.listenBacklog, .count(0...Int(Int32.max)),
            help: "Number of connections to a process that may wait to be accepted."),
    ]

    /// Options that mod_wsgi has and this version has not.
    static let unsupported: [StaticString] = [
        "supplementary-groups", "chroot", "python-eggs", "switch-interval", "startup-timeout", "deadlock-timeout",
        "inactivity-timeout", "request-timeout", "interrupt-timeout", "eviction-timeout", "restart-interval",
        "queue-timeout", "send-buffer-size", "receive-buffer-size", "header-buffer-size", "response-buffer-size",
        "response-socket-timeout", "response-flush-delay", "socket-user", "script-user", "script-group",
        "cpu-time-limit", "cpu-priority", "memory-limit", "virtual-memory-limit", "server-metrics",
    ]
}
