/// Messages on the control sockets (SOCK_SEQPACKET): httpd parent ↔ supervisor, and supervisor ↔ worker.
///
/// Each packet is `kind: UInt32 | payload`. What is long travels in a memory file whose descriptor comes with the
/// packet, so that a packet is always short.
public enum ControlKind: UInt32, Sendable {
    // httpd parent to supervisor.
    /// Up to 200 descriptors come with the packet; they belong to the next `configuration`, in order.
    case descriptors = 1
    /// One descriptor: a memory file with an encoded `SupervisorSpec`.
    case configuration = 2
    /// httpd stops or restarts: drain everything within the shutdown timeouts. Without payload.
    case stop = 3
    /// httpd reads its configuration again: another `configuration` follows, unless the module is not loaded any more.
    /// Without payload.
    case restarting = 4

    // Supervisor to worker.
    /// One descriptor: a memory file with an encoded `ProcessSpec`. The first packet a worker receives.
    case start = 16
    /// Accept connections.
    case serve = 17
    /// Stop accepting, end what is queued and under way, exit (payload: two `UInt32`, seconds for requests under way, and
    /// for everything). A second one can only shorten the time.
    case drain = 18
    /// One descriptor: the error log from now on; replaces descriptors 1 and 2.
    case log = 19
    /// No successor can be started with the script of this time (payload: path as string, time as `Int64`): the code that
    /// is loaded goes on serving until the file changes again.
    case refused = 24
    /// Another worker of the group serves with a script (payload: as of `loaded`): who cannot leaves its requests to it.
    case proven = 25

    // Worker to supervisor, through a pipe.
    /// Python is up, the preloads are imported.
    case ready = 32
    /// A script was loaded (payload: an encoded script).
    case loaded = 33
    /// The worker asks for a successor (payload: `ShutdownReason` in a byte, and the reason as a string); it goes on serving until `drain`.
    case retire = 34
    /// The worker must not replace its predecessor; it exits. Payload: whether another packet follows as a byte, and a piece
    /// of an encoded `StartProblem`.
    case failed = 35
    /// The worker has served its first request: whatever happens to it later, its start was good.
    case served = 36
    /// A script has changed (payload: path as string, time as `Int64`, whether a request waits for the successor as a
    /// byte); the worker goes on serving until `drain`.
    case changed = 44
    /// A script could not be imported when the worker started, and it serves without (payload: as of `loaded`).
    case unusable = 45
    /// A request makes the worker load a script (payload: path as string).
    case loading = 46
}
