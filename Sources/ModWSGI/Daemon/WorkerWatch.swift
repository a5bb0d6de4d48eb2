internal import CSystem
internal import ProcessKit
internal import WSGIConfig

/// Watches the worker of one request, so that its connection is used no longer than the worker can serve the request.
///
/// A site can pass its worker's connection to another process. So a connection that stays open, or on which bytes arrive
/// one by one, does not prove that the worker runs. The supervisor publishes which worker serves and which processes
/// have ended.
@safe struct WorkerWatch: ~Copyable {
    private let scoreboard: ChildScoreboard
    private let access: WorkerAccess
    private let slot: UInt32
    private let generation: UInt32
    /// The end of the time for the rest of the response; `nil`: the worker serves.
    private var end: Instant?
    /// Bytes that arrived before the end of the worker and that have not been taken; `nil`: it may still run.
    private var rest: Int?
    /// Number of waits in a row without any data.
    private var waits = 0

    /// The longest time for which a system call waits for the worker, in seconds. After it the worker is checked.
    static let interval = 1

    /// Begins to watch the worker of this generation.
    init(_ slot: UInt32, generation: UInt32, of access: WorkerAccess, in scoreboard: ChildScoreboard) {
        self.scoreboard = scoreboard
        self.access = access
        self.slot = slot
        self.generation = generation
    }

    /// How many bytes may still arrive on the connection: any number, or those that arrived before the end of the worker.
    /// `nil`: the time of a replaced worker is over.
    @inline(__always)
    mutating func expected(on socket: Int32) -> Int? {
        if scoreboard.generation(of: slot) == generation { return .max }
        return expectedOfFormer(on: socket)
    }

    /// Notes that data was transferred.
    @inline(__always)
    mutating func transferred(_ count: Int) {
        waits = 0
        if let rest { self.rest = rest &- count }
    }

    /// Whether to wait for another interval after one without any data.
    mutating func mayWait() -> Bool {
        waits += 1
        return waits * Self.interval < access.settings.socketTimeout
    }

    @inline(never)
    private mutating func expectedOfFormer(on socket: Int32) -> Int? {
        let limit: Instant
        if let end {
            limit = end
        } else {
            limit = Instant.now.adding(seconds: access.settings.drainTimeout + 5)
            end = limit
        }
        if let rest { return rest }
        guard scoreboard.isRunning(slot, generation: generation) else {
            let rest = Int(wsgi_arrived_bytes(socket))
            self.rest = rest
            return rest
        }
        return limit.millisecondsLeft > 0 ? .max : nil
    }
}
