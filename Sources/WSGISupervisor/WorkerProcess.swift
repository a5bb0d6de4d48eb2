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
    /// The same as `ProcessFacts.started`.
    let birth: UInt64
    /// What becomes of its start.
    let launch: Launch
    /// The process.
    let process: ProcessHandle
    /// The control socket, to speak to the worker: nothing can be sent the other way.
    let control: PacketSocket
    /// What the worker says.
    let reports: PacketPipe
    /// What its threads are doing, as it says.
    let board: Descriptor
    /// Where the worker's faulthandler writes when it crashes.
    let crashText: Descriptor

    /// How long a start may take until exec, in milliseconds.
    static let launchTime: Int64 = 10_000

    /// Whether its program runs, or never will.
    var isLaunched = false
    /// Why its program does not run, for the log; `nil`: it does, as far as is known.
    var launchProblem: String?
    /// When the supervisor deals with it because it hangs before exec, or has closed its pipe or control socket; `nil`: never.
    var deadline: Int64?
    /// Scripts that it could not import and serves without.
    private(set) var unusable: [ScriptSpec] = []
    /// Why it did not replace its predecessor.
    private(set) var problem: StartProblem?
    /// What has arrived of that.
    private var problemPieces: [UInt8] = []
    /// Whether it has said that it is ready.
    var isReady = false
    /// Whether it was told to end.
    var isDraining = false
    /// Whether it has asked for a successor: it may end by itself.
    var isRetiring = false
    /// Whether it is still listened to.
    var isListening = true
    /// Whether it has said so much that others have their turn first.
    var isPaused = false
    /// Packets that were read since then, in milliseconds of the monotonic clock.
    var (packets, packetsSince): (Int, Int64) = (0, 0)
    /// Why it was killed by the supervisor; `nil`: it was not.
    var killReason: String?

    /// Takes over everything that belongs to a started worker.
    init(
        token: UInt64, generation: UInt32, attempt: StartAttempt, niceIncrement: Int32, started: Int64,
        launch: Launch, process: consuming ProcessHandle, control: consuming PacketSocket,
        reports: consuming PacketPipe, board: consuming Descriptor, crashText: consuming Descriptor
    ) {
        self.token = token
        self.generation = generation
        self.attempt = attempt
        self.niceIncrement = niceIncrement
        self.started = started
        birth = ProcessFacts(launch.id)?.started ?? 0
        self.launch = launch
        self.process = process
        self.control = control
        self.reports = reports
        self.board = board
        self.crashText = crashText
        deadline = started + Self.launchTime
    }

    /// It serves without this script.
    func noteUnusable(_ script: ScriptSpec) {
        guard unusable.count < ProcessGroup.maximumLearned, !unusable.contains(where: script.isSameCode(as:)) else {
            return
        }
        unusable.append(script)
    }

    /// It serves with this script after all.
    func noteUsable(_ script: ScriptSpec) { unusable.removeAll(where: script.isSameCode(as:)) }

    /// The longest path of a script that can be a file's, in bytes.
    private static let longestPath = 4_096

    /// It will not replace its predecessor; the payload of a packet brings a piece of the reason.
    func noteProblem(_ payload: [UInt8]) {
        guard problem == nil, let more = payload.first,
            problemPieces.count + payload.count <= StartProblem.longestEncoding
        else { return }
        problemPieces += payload.dropFirst()
        guard more == 0 else { return }
        var whole = ControlPacket(.failed, payload: problemPieces).read { try? StartProblem(&$0) } ?? StartProblem()
        if whole.script.utf8.count > Self.longestPath { whole.script = "" }
        problem = whole
        problemPieces = []
    }
}
