internal import CHTTPD
internal import CSystem
internal import Glibc
internal import ProcessKit
internal import WSGIWire

/// The worker thread that a request on this httpd thread holds.
///
/// A filter may make another request while the response passes through it: an SSI include, or an ErrorDocument. Such a
/// nested request must not wait for a worker thread while its own client's request holds one: two of them could wait
/// for each other forever. So before it waits, it receives the rest of the outer worker's response into memory, until
/// the worker is done and its thread can be released. The outer request then reads its response from here.
///
/// Part of the request's scratch memory. Used only on the request's thread.
@safe struct HeldThread: ~Copyable {
    /// The scoreboard in which the thread is claimed; `nil`: it is not held, or no longer held.
    private var scoreboard: ChildScoreboard?
    private var thread: Thread = (0, 0, 0)
    /// Maximum number of bytes kept.
    private var limit = 0
    /// The request that this one is nested in, if it holds a thread.
    private var outer: UnsafeMutablePointer<HeldThread>?
    /// The connection to the worker while data is passed to filters; -1 otherwise.
    private var descriptor: Int32 = -1
    /// Data that the outer request had received but not taken when it passed data to its filters.
    private var unread = unsafe UnsafeRawBufferPointer(start: nil, count: 0)
    private var payloadLeft = 0
    private var scan: ResponseScan?
    /// Data received for it since then, and how much of it has been taken.
    private var kept = ByteBuffer(capacity: 64)
    private var taken = 0
    private var file: Int32 = -1
    /// Descriptors of the worker's group that are not closed yet.
    private var closing: UnsafeMutablePointer<UInt32>?

    /// A claim in the scoreboard.
    typealias Thread = (group: UInt32, slot: UInt32, generation: UInt32)

    /// Holds no thread.
    init() {}

    /// The worker thread that the innermost request on this httpd thread holds.
    static var innermost: UnsafeMutablePointer<HeldThread>? {
        unsafe chttpd_held_thread()?.assumingMemoryBound(to: HeldThread.self)
    }

    /// Called when a request begins to hold a thread.
    ///
    /// - Parameters:
    ///   - limit: Maximum number of bytes kept for the request.
    ///   - closing: Descriptors of the worker's group that are not closed yet. It must outlive the request.
    static func push(
        _ held: UnsafeMutablePointer<HeldThread>, _ thread: Thread, in scoreboard: ChildScoreboard,
        limit: Int, closing: UnsafeMutablePointer<UInt32>
    ) {
        unsafe held.pointee.scoreboard = scoreboard
        unsafe held.pointee.thread = thread
        unsafe held.pointee.limit = limit
        unsafe held.pointee.closing = unsafe closing
        unsafe held.pointee.outer = innermost
        unsafe chttpd_set_held_thread(held)
    }

    /// Called when the request is done with its worker. Releases the thread, unless it is already released or `isLost`.
    ///
    /// - Parameter isServed: Whether the worker has served the request.
    static func pop(_ held: UnsafeMutablePointer<HeldThread>, isLost: Bool, isServed: Bool) {
        unsafe chttpd_set_held_thread(held.pointee.outer)
        unsafe held.pointee.end(isLost: isLost, isServed: isServed)
    }

    private mutating func end(isLost: Bool, isServed: Bool) {
        if !isLost { release(isServed: isServed) }
        closeFile()
        file = -1
        kept.reset()
        taken = 0
        scoreboard = nil
        unsafe outer = nil
        didPass()
    }

    /// Whether the thread has not been released.
    var isHeld: Bool { scoreboard != nil }

    private mutating func closeFile() {
        guard file >= 0, let closing = unsafe closing else { return }
        unsafe wsgi_close_foreign(&file, 1, closing)
    }

    private mutating func release(isServed: Bool) {
        guard let scoreboard else { return }
        scoreboard.release(thread.slot, of: thread.group, generation: thread.generation, isServed: isServed)
        self.scoreboard = nil
    }

    // MARK: - The outer request

    /// Called before the request passes data to its filters.
    ///
    /// - Parameters:
    ///   - unread: Data received from its connection but not taken. It must stay valid until `didPass`.
    ///   - payloadLeft: Bytes of the current frame's payload that it has not taken.
    mutating func willPass(_ descriptor: Int32, unread: UnsafeRawBufferPointer, payloadLeft: Int) {
        self.descriptor = descriptor
        unsafe self.unread = unsafe unread
        self.payloadLeft = payloadLeft
        scan = nil
    }

    /// Called after the data has been passed.
    mutating func didPass() {
        descriptor = -1
        scan = nil
    }

    /// Whether data was received for the request that it has not taken.
    var hasKept: Bool { taken < kept.count }

    /// Moves some of that data into `room` and returns its size.
    mutating func takeKept(into room: UnsafeMutableRawBufferPointer) -> Int {
        let count = min(kept.count &- taken, room.count)
        unsafe room.copyBytes(from: UnsafeRawBufferPointer(rebasing: kept.bytes[taken..<taken &+ count]))
        taken = taken &+ count
        if taken == kept.count {
            kept.reset()
            taken = 0
        }
        return count
    }

    /// Whether a descriptor was received with the kept data.
    var hasFile: Bool { file >= 0 }

    /// Returns the descriptor that was received with the kept data, once.
    mutating func takeFile() -> Int32? {
        guard file >= 0 else { return nil }
        defer { file = -1 }
        return file
    }

    // MARK: - A nested request

    /// The state of the threads that outer requests hold.
    enum Outcome {
        /// No outer request holds a thread.
        case free
        /// A worker is not done.
        case held
        /// A worker cannot be done before the outer request continues.
        case never
    }

    /// Receives data for outer requests for up to `milliseconds`, and releases the threads that are done.
    static func settle(_ held: UnsafeMutablePointer<HeldThread>, milliseconds: Int32) -> Outcome {
        var next: UnsafeMutablePointer<HeldThread>? = unsafe held
        while let one = unsafe next {
            let outcome = unsafe one.pointee.settle(milliseconds)
            guard case .free = outcome else { return outcome }
            unsafe next = one.pointee.outer
        }
        return .free
    }

    private mutating func settle(_ milliseconds: Int32) -> Outcome {
        guard scoreboard != nil else { return .free }
        guard descriptor >= 0 else { return .never }
        var scan = self.scan ?? scanned()
        let end = Instant.now.milliseconds &+ Int64(milliseconds)
        while scan.state == .more {
            // The limit is the one for data that waits for a slow client, for the same reason.
            guard kept.count &- taken <= limit else { return .never }
            var waited = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            let left = max(0, end &- Instant.now.milliseconds)
            guard unsafe left > 0 && poll(&waited, 1, Int32(truncatingIfNeeded: left)) > 0 else {
                self.scan = scan
                return isWorkerRunning ? .held : .never
            }
            let before = kept.count
            guard receive() else { return .never }
            unsafe scan.feed(UnsafeRawBufferPointer(rebasing: kept.bytes[before...]))
        }
        self.scan = scan
        guard scan.state == .ended else { return .never }
        release(isServed: true)
        return .free
    }

    private var isWorkerRunning: Bool {
        scoreboard?.isRunning(thread.slot, generation: thread.generation) == true
    }

    /// The scan of the frames received so far.
    private func scanned() -> ResponseScan {
        var scan = ResponseScan(within: payloadLeft)
        unsafe scan.feed(unread)
        unsafe scan.feed(UnsafeRawBufferPointer(rebasing: kept.bytes[taken...]))
        return scan
    }

    private mutating func receive() -> Bool {
        var came: Int32 = -1
        var cameCount = 0
        let count = unsafe kept.append(upTo: 64 << 10) { room in
            guard let start = room.baseAddress else { return 0 }
            var part = unsafe iovec(iov_base: start, iov_len: room.count)
            guard let closing = unsafe closing else { return 0 }
            return unsafe max(0, Int(wsgi_receive_answer(descriptor, &part, &came, &cameCount, closing, false)))
        }
        if cameCount > 0 {
            closeFile()
            file = came
        }
        return count > 0
    }
}
