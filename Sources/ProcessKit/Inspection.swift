internal import CSharedMemory
internal import CSystem
internal import Glibc

/// The facts of the supervisor for httpd's children: they ask through a pipe, and it publishes an answer to all of them
/// in memory that they can only read.
///
/// httpd's parent creates both once. They outlive restarts and supervisors.
@safe public final class Inspection: @unchecked Sendable {
    private let snapshot: UnsafePointer<wsgi_snapshot>
    private let questions: PacketPipe
    /// What the supervisor receives: the memory, and the end of the pipe to read from. -1 in children.
    public private(set) var (facts, reading): (Int32, Int32)

    /// Called by the parent.
    public init() throws(SystemError) {
        let file = try MemoryFile.create("wsgi-facts", size: wsgi_snapshot_size())
        unsafe snapshot = UnsafePointer(
            try MemoryFile.mapForReading(file.raw, size: wsgi_snapshot_size())
                .assumingMemoryBound(to: wsgi_snapshot.self))
        let pair = try PacketPipe.pair()
        reading = try Descriptor.duplicate(pair.reading.raw).release()
        facts = file.release()
        questions = PacketPipe(adopting: try Descriptor.duplicate(pair.writing.raw).release())
    }

    /// Closes in a child what only the supervisor may use. The child has no other threads.
    public func leaveToParent() {
        for raw in [facts, reading] where raw >= 0 { close(raw) }
        (facts, reading) = (-1, -1)
    }

    /// The number of the last answer.
    public var number: UInt64 { unsafe wsgi_snapshot_number(snapshot) }

    /// Sends a question, without waiting. Returns false if it cannot be sent.
    public func ask(_ question: UnsafeRawBufferPointer) -> Bool { unsafe (try? questions.send(question)) != nil }

    /// Waits for an answer with a number above `number`, at most this number of milliseconds. Returns the last answer in
    /// any case; empty: there is none.
    public func answer(after number: UInt64, milliseconds: Int64) -> [UInt8] {
        let end = Clock.milliseconds() + milliseconds
        while unsafe wsgi_snapshot_number(snapshot) &- number < 2 || wsgi_snapshot_number(snapshot) % 2 != 0,
            Clock.milliseconds() < end
        {
            Clock.sleep(milliseconds: 2)
        }
        // It may grow meanwhile.
        var bytes = [UInt8](repeating: 0, count: unsafe wsgi_snapshot_length(snapshot) + 65_536)
        let count = unsafe bytes.withUnsafeMutableBytes { room in
            unsafe room.baseAddress.map { unsafe wsgi_snapshot_read(snapshot, $0, room.count) } ?? 0
        }
        bytes.removeLast(bytes.count - count)
        return bytes
    }
}

/// The supervisor's side of an `Inspection`.
@safe public final class InspectionAnswers {
    private let snapshot: UnsafeMutablePointer<wsgi_snapshot>
    /// The questions. They come from any of httpd's processes.
    public let questions: PacketPipe

    /// Takes over the descriptors from httpd's parent.
    public init(facts: consuming Descriptor, reading: consuming PacketPipe) throws(SystemError) {
        unsafe snapshot = try MemoryFile.map(facts.raw, size: wsgi_snapshot_size())
            .assumingMemoryBound(to: wsgi_snapshot.self)
        questions = reading
    }

    /// Publishes an answer. Returns false if it is too long.
    public func publish(_ answer: UnsafeRawBufferPointer) -> Bool {
        guard answer.count <= wsgi_snapshot_capacity() else { return false }
        unsafe wsgi_snapshot_publish(snapshot, answer.baseAddress, answer.count)
        return true
    }
}
