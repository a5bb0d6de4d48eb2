internal import ProcessKit
internal import WSGICore
internal import WSGIWire

/// A worker that was started and has not been reaped.
final class WorkerProcess {
    /// Names the worker in the poller: a count over the supervisor's life.
    let token: UInt64
    /// The generation it serves under.
    let generation: UInt32
    /// How it was started.
    let attempt: StartAttempt
    /// By how much its priority is lower until it is ready, as of nice(1).
    let niceIncrement: Int32
    /// When it was started, in milliseconds of the monotonic clock.
    let started: Int64
    /// The process.
    let process: ProcessHandle
    /// The control socket; the worker has the other end.
    let control: PacketSocket
    /// What its threads are doing, as it says.
    let board: Descriptor
    /// Where the worker's faulthandler writes when it crashes.
    let crashText: Descriptor

    /// Limits that the system did not grant it.
    let denials: [SpawnRequest.Denial]

    /// Scripts that it could not import and serves without.
    var unusable: [ScriptSpec] = []
    /// Why it did not replace its predecessor.
    var problem: StartProblem?
    /// Whether it has said that it is ready.
    var isReady = false
    /// Whether it was told to end.
    var isDraining = false
    /// Whether it has asked for a successor: it may end by itself.
    var isRetiring = false
    /// Whether its control socket can still bring something.
    var isListening = true
    /// Why it was killed by the supervisor; `nil`: it was not.
    var killReason: String?

    /// Takes over everything that belongs to a started worker.
    init(
        token: UInt64, generation: UInt32, attempt: StartAttempt, niceIncrement: Int32, started: Int64,
        process: consuming ProcessHandle, control: consuming PacketSocket, board: consuming Descriptor,
        crashText: consuming Descriptor,
        denials: [SpawnRequest.Denial]
    ) {
        self.token = token
        self.generation = generation
        self.attempt = attempt
        self.niceIncrement = niceIncrement
        self.started = started
        self.process = process
        self.control = control
        self.board = board
        self.crashText = crashText
        self.denials = denials
    }
}
