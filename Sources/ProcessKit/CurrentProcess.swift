internal import CSystem
internal import Glibc

/// Properties of the current process.
public enum CurrentProcess {
    /// Its id.
    public static var id: Int32 { getpid() }

    /// Its effective user.
    public static var user: UInt32 { geteuid() }

    /// The leader of its session.
    public static var session: Int32 { getsid(0) }

    /// Starts a new session, so that signals to httpd's process group do not reach the process.
    public static func leaveSession() { _ = setsid() }

    /// Sets whether other processes of its user may trace it, read its memory and environment, or obtain a core dump.
    public static func setDumpable(_ dumpable: Bool) { wsgi_set_dumpable(dumpable) }

    /// Becomes the parent of all descendants whose own parents end.
    public static func adoptOrphans() { wsgi_adopt_orphans() }

    /// Its environment, `NAME=value`.
    public static func environment() -> [String] {
        var entries: [String] = []
        var next = unsafe environ
        while let entry = unsafe next.pointee {
            unsafe entries.append(String(cString: entry))
            unsafe next += 1
        }
        return entries
    }

    /// The value of an environment variable.
    public static func variable(_ name: String) -> String? {
        unsafe getenv(name).map { unsafe String(cString: $0) }
    }

    /// Sets an environment variable; `nil` removes it. Must not be called while another thread may read the
    /// environment.
    public static func setVariable(_ name: String, _ value: String?) {
        if let value { unsafe setenv(name, value, 1) } else { unsafe unsetenv(name) }
    }

    /// Resident memory (RSS) in bytes; 0: unknown.
    public static var residentBytes: Int64 {
        let file = unsafe open("/proc/self/statm", O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return 0 }
        defer { close(file) }
        var room = [UInt8](repeating: 0, count: 128)
        let count = unsafe read(file, &room, room.count)
        guard count > 0 else { return 0 }
        let fields = String(decoding: room[..<count], as: UTF8.self).split(separator: " ")
        guard fields.count > 1, let pages = Int64(fields[1]) else { return 0 }
        return pages * Int64(sysconf(Int32(_SC_PAGESIZE)))
    }

    /// Sends a signal to one of its threads, which must still run.
    public static func signal(thread: UInt, _ number: Int32) { _ = pthread_kill(pthread_t(thread), number) }

    /// Its nice value.
    public static var priority: Int32 { getpriority(__priority_which_t(UInt32(PRIO_PROCESS.rawValue)), 0) }

    /// Whether it may raise the priority of processes.
    public static var mayRaisePriority: Bool { wsgi_may_raise_priority() }

    /// Number of processors that it may use.
    public static var processors: Int { Int(wsgi_processors()) }

    /// Sends itself a signal.
    public static func signal(_ number: Int32) { _ = kill(getpid(), number) }

    /// Blocks all signals in the calling thread.
    public static func blockSignals() {
        var all = sigset_t()
        unsafe sigfillset(&all)
        unsafe pthread_sigmask(SIG_BLOCK, &all, nil)
    }

    /// Overwrites its arguments, which ps shows, with a title. Returns false if there is not enough space.
    @discardableResult
    public static func setTitle(_ title: String) -> Bool { unsafe title.withCString { unsafe wsgi_set_title($0) } }

    /// Sets the locale of the C library. Returns false if the locale does not exist.
    public static func setLocale(_ name: String) -> Bool { unsafe name.withCString { unsafe wsgi_set_locale($0) } }

    /// Ends at once, without destructors or `atexit` functions.
    public static func exitAtOnce(_ code: Int32) -> Never { _exit(code) }

    /// From now on, the descriptors marked with `guardFromForks` are closed in processes that the application forks.
    public static func installForkGuard() { wsgi_fork_guard_install() }

    /// The same for a process of httpd, called before the application's code runs. httpd's listening sockets and its
    /// connections to clients are also closed in forked processes.
    public static func installServerForkGuard() { wsgi_fork_guard_server() }

    /// Marks a descriptor, or removes the mark. The mark must be removed before the descriptor is closed.
    public static func guardFromForks(_ raw: Int32, _ guarded: Bool) { wsgi_fork_guard_set(raw, guarded) }

    /// Whether this process was forked by the application.
    public static var isForked: Bool { wsgi_fork_guard_tripped() }

    /// Starts a detached thread.
    ///
    /// - Parameters:
    ///   - stackSize: Bytes; 0: the system's default.
    ///   - name: At most 15 bytes, shown in `/proc`.
    ///   - run: The function of the thread, which receives `context`.
    public static func startThread(
        stackSize: Int, name: String, context: UnsafeMutableRawPointer?,
        _ run: @convention(c) (UnsafeMutableRawPointer?) -> Void
    ) throws(SystemError) {
        try check(
            unsafe name.withCString { unsafe wsgi_start_thread(stackSize, $0, run, context) }, "pthread_create")
    }

    /// Starts a detached thread in which no signal handler runs, because httpd's handlers are for its own threads.
    public static func startQuietThread(
        name: String, context: UnsafeMutableRawPointer? = nil,
        _ run: @convention(c) (UnsafeMutableRawPointer?) -> Void
    ) throws(SystemError) {
        try check(unsafe name.withCString { unsafe wsgi_start_quiet_thread($0, run, context) }, "pthread_create")
    }
}
