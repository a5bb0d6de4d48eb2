internal import CSystem
internal import Glibc

/// What a process may change about itself.
public enum CurrentProcess {
    /// Its id.
    public static var id: Int32 { getpid() }

    /// Its effective user.
    public static var user: UInt32 { geteuid() }

    /// The leader of its session.
    public static var session: Int32 { getsid(0) }

    /// Leaves the session it was started in, so that signals to httpd's process group pass it by.
    public static func leaveSession() { _ = setsid() }

    /// Whether other processes of its user may look into it: read its memory and its environment, trace it, get a core of it.
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

    /// A variable of its environment.
    public static func variable(_ name: String) -> String? {
        unsafe getenv(name).map { unsafe String(cString: $0) }
    }

    /// Changes its environment; `nil` removes the variable. Not while another thread may read it.
    public static func setVariable(_ name: String, _ value: String?) {
        if let value { unsafe setenv(name, value, 1) } else { unsafe unsetenv(name) }
    }

    /// Bytes of it that are resident (RSS); 0: unknown.
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

    /// Sends a signal to one of its threads, which has to be alive.
    public static func signal(thread: UInt, _ number: Int32) { _ = pthread_kill(pthread_t(thread), number) }

    /// Its nice value.
    public static var priority: Int32 { getpriority(__priority_which_t(UInt32(PRIO_PROCESS.rawValue)), 0) }

    /// Whether it may raise the priority of processes.
    public static var mayRaisePriority: Bool { wsgi_may_raise_priority() }

    /// How many processors it may use.
    public static var processors: Int { Int(wsgi_processors()) }

    /// Sends itself a signal.
    public static func signal(_ number: Int32) { _ = kill(getpid(), number) }

    /// Keeps all signals away from the calling thread.
    public static func blockSignals() {
        var all = sigset_t()
        unsafe sigfillset(&all)
        unsafe pthread_sigmask(SIG_BLOCK, &all, nil)
    }

    /// Writes a title over its arguments, as ps shows them. False: there is no room.
    @discardableResult
    public static func setTitle(_ title: String) -> Bool { unsafe title.withCString { unsafe wsgi_set_title($0) } }

    /// Sets the locale of the C library. False: there is none of this name.
    public static func setLocale(_ name: String) -> Bool { unsafe name.withCString { unsafe wsgi_set_locale($0) } }

    /// Ends at once: no destructors, no `atexit`.
    public static func exitAtOnce(_ code: Int32) -> Never { _exit(code) }

    /// From now on a process that the application forks off loses the descriptors marked with `guardFromForks`.
    public static func installForkGuard() { wsgi_fork_guard_install() }

    /// The same in a process of httpd's, before the application's code runs: forked processes lose httpd's listening
    /// sockets and the connections of its clients, too.
    public static func installServerForkGuard() { wsgi_fork_guard_server() }

    /// Marks a descriptor, or removes its mark; to be removed before it is closed.
    public static func guardFromForks(_ raw: Int32, _ guarded: Bool) { wsgi_fork_guard_set(raw, guarded) }

    /// Whether this process was forked off by the application.
    public static var isForked: Bool { wsgi_fork_guard_tripped() }

    /// Starts a thread that nobody waits for.
    ///
    /// - Parameters:
    ///   - stackSize: Bytes; 0: the system's default.
    ///   - name: At most 15 bytes, for people who look at `/proc`.
    ///   - run: The thread's life; `context` is handed to it as it is.
    public static func startThread(
        stackSize: Int, name: String, context: UnsafeMutableRawPointer?,
        _ run: @convention(c) (UnsafeMutableRawPointer?) -> Void
    ) throws(SystemError) {
        try check(
            unsafe name.withCString { unsafe wsgi_start_thread(stackSize, $0, run, context) }, "pthread_create")
    }

    /// Starts a thread that nobody waits for, and in which no signal handler runs: httpd's are for its own threads.
    public static func startQuietThread(
        name: String, _ run: @convention(c) (UnsafeMutableRawPointer?) -> Void
    ) throws(SystemError) {
        try check(unsafe name.withCString { unsafe wsgi_start_quiet_thread($0, run, nil) }, "pthread_create")
    }
}
