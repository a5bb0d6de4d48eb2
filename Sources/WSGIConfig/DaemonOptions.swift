/// The options of a `WSGIDaemonProcess`, each with its default in place.
///
/// Times are whole seconds. The rows that fill it are in `DaemonOptionTable`.
public struct DaemonOptions: Equatable, Sendable {
    /// Processes of the group.
    public var processes = 1
    /// Request threads of each process; 0: a process that only runs its scripts.
    public var threads = 15

    /// The user the processes run as; `nil`: as httpd's `User` says.
    public var user: Account?
    /// Their primary group; `nil`: as httpd's `Group` says.
    public var group: Account?
    /// The working directory, which is also the first entry of `sys.path`.
    public var home: String?
    /// The file creation mask; `nil`: inherited.
    public var umask: UInt32?
    /// `LANG` of the processes.
    public var lang: String?
    /// `LC_ALL` of the processes, and their locale.
    public var locale: String?
    /// What the process list shows; `%{GROUP}` is `(wsgi:name)`.
    public var displayName: String?

    /// The Python executable; it excludes `pythonHome`.
    public var python: String?
    /// The Python installation or virtual environment; `nil`: as `WSGIPythonHome` says.
    public var pythonHome: String?
    /// Directories for `site.addsitedir`.
    public var pythonPath: [String] = []

    /// Stack of each request thread in bytes; 0: the system's default.
    public var stackSize = 0
    /// Requests after which a process is replaced; 0: never.
    public var maximumRequests = 0
    /// How long requests under way may go on when a process is replaced.
    public var gracefulTimeout = 15
    /// How long requests and interpreters have when a process is told to end.
    public var shutdownTimeout = 5
    /// How long a request waits for a process that can be connected to; 0: it does not wait.
    public var connectTimeout = 15
    /// How long one read or write on a connection to a process may take; 0: as httpd's `Timeout` says.
    public var socketTimeout = 0
    /// Connections that may wait to be accepted.
    public var listenBacklog = 100

    /// One bit for each row of `DaemonOptionTable.all` that was written.
    public internal(set) var written: UInt64 = 0

    /// Options with nothing written.
    public init() {}

    /// `wsgi.multiprocess`: the number of processes was written, even if it is 1.
    public var isMultiprocess: Bool { processes > 1 || isWritten("processes") }

    /// Whether the option of this name was written.
    public func isWritten(_ name: String) -> Bool {
        DaemonOptionTable.all.contains { $0.name.description == name && written & $0.bit != 0 }
    }

    /// The options that were written, as they could stand in the configuration.
    public var text: String {
        DaemonOptionTable.all.filter { written & $0.bit != 0 }
            .map { "\($0.name)=\(Words.quoted($0.print(self)))" }
            .joined(separator: " ")
    }
}
