internal import ProcessKit
internal import WSGICore
internal import WSGIWire

/// A worker that was started and has not been reaped.
final class WorkerProcess {
    /// Maximum number of scripts from workers' messages in each list.
    static let maximumLearned = 64

    /// Identifies the worker in the poller. Tokens are never reused.
    let token: UInt64
    /// The worker's generation.
    let generation: UInt32
    /// How it was started.
    let attempt: StartAttempt
    /// The increment of its nice value until it is ready.
    let niceIncrement: Int32
    /// When it was started, in milliseconds of the monotonic clock.
    let started: Int64
    /// When it was started, as `ProcessFacts.started`.
    let birth: UInt64
    /// The result of its start.
    let launch: Launch
    /// The process.
    let process: ProcessHandle
    /// The control socket for messages to the worker. The worker cannot send anything on it.
    let control: PacketSocket
    /// The pipe for messages from the worker.
    let reports: PacketPipe
    /// The worker's board, which shows the requests of its threads.
    let board: Descriptor
    /// The file that the worker's faulthandler writes to when it crashes.
    let crashText: Descriptor

    /// Maximum time from the start to exec, in milliseconds.
    static let launchTime: Int64 = 10_000

    /// Whether its program runs, or never will.
    var isLaunched = false
    /// Why its program does not run, for the log; `nil`: it runs, as far as known.
    var launchProblem: SpawnMessage?
    /// When the supervisor ends it, because it hangs before exec or has closed its pipe or control socket; `nil`:
    /// never.
    var deadline: Int64?
    /// Scripts that it could not import and serves without.
    private(set) var unusable: [ScriptSpec] = []
    /// Why it did not replace its predecessor.
    private(set) var failure: StartFailure?
    /// The pieces of `failure` that have arrived.
    private var failurePieces: [UInt8] = []
    /// Whether it has reported that it is ready.
    var isReady = false
    /// Whether it was asked to end.
    var isDraining = false
    /// Whether it has requested a successor. It may then end by itself.
    var isRetiring = false
    /// Whether the supervisor still reads its packets.
    var isListening = true
    /// Whether reading is suspended because it has sent too many packets.
    var isPaused = false
    /// Number of packets read since `packetsSince`, in milliseconds of the monotonic clock.
    var (packets, packetsSince): (Int, Int64) = (0, 0)
    /// The requests whose stacks it was asked for, and has not reported.
    var wantedStacks: Set<String> = []
    /// Why the supervisor killed it; `nil`: it did not.
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

    /// The present contents of its board.
    var boardContents: RequestBoard.Contents {
        RequestBoard.contents(of: board.raw, threads: max(attempt.spec.process.worker?.threads ?? 1, 1))
    }

    /// Records that it serves without this script.
    func noteUnusable(_ script: ScriptSpec) {
        guard unusable.count < Self.maximumLearned, !unusable.contains(where: script.isSameCode(as:)) else {
            return
        }
        unusable.append(script)
    }

    /// Records that it serves this script after all.
    func noteUsable(_ script: ScriptSpec) { unusable.removeAll(where: script.isSameCode(as:)) }

    /// Maximum length of the path of a script, in bytes.
    private static let longestPath = 4_096

    /// Records a piece of the reason why it will not replace its predecessor, from the payload of a packet.
    func noteProblem(_ payload: [UInt8]) {
        guard failure == nil, let more = payload.first,
            failurePieces.count + payload.count <= StartFailure.longestEncoding
        else { return }
        failurePieces += payload.dropFirst()
        guard more == 0 else { return }
        var whole = ControlPacket(.failed, payload: failurePieces).read { try? StartFailure(&$0) } ?? StartFailure()
        if whole.script.utf8.count > Self.longestPath { whole.script = "" }
        failure = whole
        failurePieces = []
    }
}
