/// Messages on the control sockets (SOCK_SEQPACKET): httpd parent ↔ supervisor, and supervisor ↔ worker.
///
/// Each packet is `kind: UInt32 | payload`. Long contents are in a memory file whose descriptor comes with the packet,
/// so that packets are always short.
public enum ControlKind: UInt32, Sendable {
    // httpd parent to supervisor.
    /// Up to 200 descriptors, which belong to the next `configuration`, in order.
    case descriptors = 1
    /// One descriptor: a memory file with an encoded `SupervisorSpec`.
    case configuration = 2
    /// httpd stops or restarts: drain all workers within the shutdown timeouts. No payload.
    case stop = 3
    /// httpd reads its configuration again. Another `configuration` follows unless the module is no longer loaded. No
    /// payload.
    case restarting = 4

    // httpd's children to supervisor, through a pipe.
    /// Publish the facts for the status pages. No payload.
    case inspect = 8

    /// Have a worker report the Python stack of a request, and publish it with the facts (payload: slot, generation and
    /// thread as `UInt32`, the id of the request as string).
    case inspectStack = 9

    // Supervisor to worker.
    /// One descriptor: a memory file with an encoded `ProcessSpec`. The first packet a worker receives.
    case start = 16
    /// Accept connections.
    case serve = 17
    /// Stop accepting, finish queued and running requests, exit (payload: two `UInt32`, seconds for running requests
    /// and for everything). A second packet can only shorten the time.
    case drain = 18
    /// One descriptor: the new error log, which replaces descriptors 1 and 2.
    case log = 19
    /// No successor can be started with the script of this time (payload: path as string, time as `Int64`). The loaded
    /// code keeps serving until the file changes again.
    case codeFailed = 24
    /// Another worker of the group serves a script (payload: as `loaded`). A worker that cannot serve it rejects its
    /// requests.
    case proven = 25

    /// Report the Python stack of a running request with `stack` (payload: the thread as `UInt32`, the id of the request
    /// as string).
    case stackWanted = 26

    // Worker to supervisor, through a pipe.
    /// Python is running and the preloads are imported.
    case ready = 32
    /// A script was loaded (payload: an encoded script).
    case loaded = 33
    /// The worker requests a successor (payload: `ShutdownReason` as a byte, and the reason as a string). It keeps
    /// serving until `drain`.
    case retire = 34
    /// The worker must not replace its predecessor, and exits. Payload: a byte that is not 0 if another packet follows,
    /// and a piece of an encoded `StartFailure`.
    case failed = 35
    /// The worker has served its first request, so its start was successful even if it fails later.
    case served = 36
    /// A script has changed (payload: path as string, time as `Int64`, whether a request waits for the successor as a
    /// byte). The worker keeps serving until `drain`.
    case changed = 44
    /// A script could not be imported when the worker started. The worker serves without it (payload: as `loaded`).
    case unusable = 45
    /// A request causes the worker to load a script (payload: path as string).
    case loading = 46
    /// A Python stack (payload: the id of the request as string, the stack as string; empty: the request has ended).
    case stack = 47
}
