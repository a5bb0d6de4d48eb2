/// Why a worker must not replace its predecessor: the payload of `failed`.
public struct StartProblem: Equatable, Sendable {
    /// The most text that is sent of a report: a packet is short.
    private static let longestReport = 60_000

    /// A sentence.
    public var text = ""
    /// Records for the log.
    public var report: [String] = []
    /// The script that has failed; empty: none has.
    public var script = ""
    /// The time of its file, in microseconds since 1970; 0: unknown.
    public var modified: Int64 = 0

    /// A problem without a script.
    public init(text: String = "") { self.text = text }

    /// Whether it says that something could not be had because another process has it: a lock, or a port.
    public var isForLock: Bool {
        report.contains { record in
            record.split(separator: "\n").contains { line in
                // The last line of an exception: its class, then its text.
                guard let first = line.utf8.first, first != UInt8(ascii: " ") else { return false }
                let name = line.prefix { $0 != ":" && $0 != " " }
                return Self.lockNames.contains(where: name.hasSuffix) || Self.lockTexts.contains(where: line.contains)
            }
        }
    }

    private static let lockNames = [
        "LockError", "LockException", "LockTimeout", "LockFailed", "AlreadyLocked", "BlockingIOError",
    ]
    private static let lockTexts = [
        "[Errno 11]", "[Errno 98]", "Address already in use", "Resource temporarily unavailable", "database is locked",
        "could not be acquired",
    ]

    /// Encodes the problem; of a report that is too long the middle is left out, because tracebacks end with the reason.
    public func encode(into buffer: inout ByteBuffer) {
        var lines = report
        var length = lines.reduce(0) { $0 + $1.utf8.count }
        while length > Self.longestReport, lines.count > 1 {
            length -= lines.remove(at: lines.count / 2).utf8.count
        }
        buffer.append(string: String(text.prefix(2_000)))
        buffer.append(string: script)
        buffer.append(modified)
        SpecCodec.append(lines, to: &buffer) { $1.append(string: String($0.prefix(Self.longestReport / 4))) }
    }

    /// Decodes a problem.
    public init(_ reader: inout ByteReader) throws(WireError) {
        text = try reader.string()
        script = try reader.string()
        modified = try reader.integer()
        report = try SpecCodec.list(&reader, SpecCodec.string)
    }
}
