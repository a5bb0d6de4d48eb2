public import CSharedMemory
internal import Glibc

/// The requests on the threads of one worker, in memory that the worker writes and the supervisor reads.
///
/// Any thread may use it. The layout and its rules are in `wsgi_request_board.h`.
@safe public final class RequestBoard: Sendable {
    private nonisolated(unsafe) let board: UnsafeMutablePointer<wsgi_request_board>
    /// Number of threads.
    public let threads: Int

    /// Maximum bytes of a request line in a record.
    public static var longestLine: Int { Int(WSGI_REQUEST_LINE) }

    /// The memory file of a board for a worker that is about to start.
    public static func create(threads: Int, slot: UInt32, generation: UInt32) throws(SystemError) -> Descriptor {
        var head = wsgi_request_board()
        unsafe wsgi_request_board_prepare(&head, UInt32(clamping: threads), slot, generation)
        let file = try MemoryFile.create("wsgi-request-board", size: wsgi_request_board_size(UInt32(clamping: threads)))
        guard
            unsafe pwrite(file.raw, &head, MemoryLayout<wsgi_request_board>.size, 0)
                == MemoryLayout<wsgi_request_board>.size
        else {
            throw SystemError("pwrite", errno)
        }
        return file
    }

    /// Maps the board of this process. It stays mapped until the process ends.
    public init(mapping raw: Int32, threads: Int) throws(SystemError) {
        unsafe board = try MemoryFile.map(raw, size: wsgi_request_board_size(UInt32(clamping: threads)))
            .assumingMemoryBound(to: wsgi_request_board.self)
        self.threads = threads
    }

    /// The record of a thread, counted from 0.
    public func record(_ thread: Int) -> UnsafeMutablePointer<wsgi_thread_record> {
        unsafe wsgi_request_board_record(board, UInt32(clamping: min(max(thread, 0), threads - 1)))
    }

    /// The running requests.
    public var running: [RunningRequest] {
        (0..<threads).compactMap { unsafe RunningRequest(record($0), thread: $0) }
    }

    /// The requests that a worker with `threads` threads was running, from the file behind `raw`, whose contents are
    /// not trusted.
    public static func running(in raw: Int32, threads: Int) -> [RunningRequest] {
        contents(of: raw, threads: threads).running
    }

    /// The same, with the numbers of requests and messages.
    public static func contents(of raw: Int32, threads: Int) -> Contents {
        var contents = Contents()
        var bytes = MemoryFile.prefix(of: raw, wsgi_request_board_size(UInt32(clamping: threads)))
        let (head, size) = (MemoryLayout<wsgi_request_board>.size, MemoryLayout<wsgi_thread_record>.size)
        let messages = wsgi_request_board_messages(UInt32(clamping: threads))
        unsafe bytes.withUnsafeMutableBytes { bytes in
            guard let start = bytes.baseAddress, bytes.count >= head else { return }
            contents.running = (0..<(min(bytes.count, messages) - head) / size).compactMap { thread in
                // The records need the alignment of their atomics.
                var record = wsgi_thread_record()
                return unsafe withUnsafeMutablePointer(to: &record) { record in
                    unsafe UnsafeMutableRawPointer(record).copyMemory(
                        from: start + head + thread * size, byteCount: size)
                    unsafe contents.requests &+= wsgi_record_requests(record)
                    return unsafe RunningRequest(record, thread: thread)
                }
            }
            for (id, place) in stride(from: messages, to: bytes.count - 3, by: 4).enumerated() {
                let count = unsafe bytes.loadUnaligned(fromByteOffset: place, as: UInt32.self)
                if count > 0 { contents.messages[UInt16(clamping: id)] = count }
            }
        }
        return contents
    }

    /// Counts a message that this process has written to its log.
    public func count(id: UInt16) { unsafe wsgi_request_board_count(board, UInt32(clamping: threads), UInt32(id)) }
}

extension RequestBoard {
    /// The contents of a worker's board.
    public struct Contents: Sendable {
        /// The running requests.
        public var running: [RunningRequest] = []
        /// Number of requests that the worker's threads have ended.
        public var requests: UInt64 = 0
        /// Messages that the worker has written to the log outside requests, by id.
        public var messages: [UInt16: UInt32] = [:]
    }
}

/// A request that runs on a thread of a worker or, in embedded mode, of a child.
public struct RunningRequest: Equatable, Sendable {
    /// The thread, counted from 0.
    public let thread: Int
    /// When it started, in nanoseconds of the monotonic clock.
    public let started: UInt64
    /// httpd's log id.
    public let id: String
    /// The address of its client.
    public let client: String
    /// Method and path.
    public let line: String
    /// Whether its client has been answered without it.
    public let isCut: Bool

    /// The request in a record; `nil`: the thread is idle.
    init?(_ record: UnsafeMutablePointer<wsgi_thread_record>, thread: Int) {
        var view = wsgi_thread_view()
        unsafe wsgi_record_read(record, &view)
        guard view.state != WSGI_THREAD_IDLE.rawValue else { return nil }
        self.thread = thread
        started = view.started
        isCut = view.state == WSGI_THREAD_CUT.rawValue
        id = unsafe withUnsafeBytes(of: &view.id) { unsafe Self.text($0.prefix(Int(view.id_length))) }
        let text = unsafe withUnsafeBytes(of: &view.line) { unsafe Self.text($0.prefix(Int(view.line_length))) }
        // An address contains no space.
        let parts = text.split(separator: " ", maxSplits: 1, omittingEmptySubsequences: false)
        (client, line) = (String(parts[0]), parts.count > 1 ? String(parts[1]) : "")
    }

    /// The request for log lines: `[id] GET /path, for 1.5 s`.
    public func text(now: UInt64 = Clock.nanoseconds()) -> String { "\(name), for \(time(now: now))" }

    /// The request without its time: `[id] GET /path`.
    public var name: String { "[\(id)] \(line)" }

    /// Its running time: `1.5 s`.
    public func time(now: UInt64 = Clock.nanoseconds()) -> String {
        let tenths = (now > started ? now - started : 0) / 100_000_000
        return "\(tenths / 10).\(tenths % 10) s"
    }

    /// Replaces all bytes that are not printable ASCII by question marks.
    private static func text(_ bytes: Slice<UnsafeRawBufferPointer>) -> String {
        unsafe String(decoding: bytes.map { $0 >= 0x20 && $0 < 0x7F ? $0 : UInt8(ascii: "?") }, as: UTF8.self)
    }
}
