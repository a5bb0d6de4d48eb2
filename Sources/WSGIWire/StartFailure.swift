internal import WSGICore

/// The reason why a worker must not replace its predecessor: a script of it cannot be imported, or does not serve. The
/// payload of `failed`.
public struct StartFailure: Equatable, Sendable {
    /// Maximum length of the text of a report that is sent, in bytes.
    public static let longestReport = 64 << 10
    /// The longest encoding that is accepted. The encoding of empty records is longer than their text.
    public static let longestEncoding = 128 << 10

    /// The reason, as a sentence.
    public var text = ""
    /// The log records, with their identifiers; tracebacks line by line.
    public var report: [String] = []
    /// The path of the script that failed; empty: none did.
    public var script = ""
    /// The modification time of the file whose code failed, in microseconds since 1970; 0: unknown.
    public var modified: Int64 = 0

    /// A failure without a script.
    public init(text: String = "") { self.text = text }

    /// Whether the report shows that another process holds a resource: a lock, or a port.
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

    /// Encodes the failure. The middle of a report that is too long is omitted, because tracebacks end with the reason.
    public func encode(into buffer: inout ByteBuffer) {
        buffer.append(string: Self.cut(text[...], 2_000))
        buffer.append(string: script)
        buffer.append(modified)
        Self.shortened(report).write(to: &buffer)
    }

    /// The packets that carry the failure, none longer than `longest`.
    public func packets(of longest: Int) -> [ControlPacket] {
        var buffer = ByteBuffer()
        encode(into: &buffer)
        var rest = unsafe Array(buffer.bytes)[...]
        var packets: [ControlPacket] = []
        repeat {
            let piece = rest.prefix(longest - 5)
            rest = rest.dropFirst(piece.count)
            packets.append(ControlPacket(.failed, payload: [rest.isEmpty ? 0 : 1] + piece))
        } while !rest.isEmpty
        return packets
    }

    private static func cut(_ text: Substring, _ length: Int) -> String {
        String(decoding: text.utf8.prefix(length), as: UTF8.self)
    }

    /// Half of the maximum from the beginning, half from the end, and a mark between them.
    private static func shortened(_ lines: [String]) -> [String] {
        // Each record takes some additional bytes.
        let length = lines.reduce(0) { $0 + $1.utf8.count + 4 }
        guard length > longestReport else { return lines }
        var (first, last) = (lines[...], [String]())
        var room = longestReport / 2
        while let line = first.popLast() {
            let count = line.utf8.count + 4
            guard count <= room else {
                last.append(String(decoding: line.utf8.suffix(max(room - 4, 0)), as: UTF8.self))
                first.append(cut(line[...], count - 4 - max(room - 4, 0)))
                break
            }
            last.append(line)
            room -= count
        }
        var kept: [String] = []
        room = longestReport / 2
        for line in first {
            guard room > 4 else { break }
            kept.append(cut(line[...], room - 4))
            room -= line.utf8.count + 4
        }
        return kept + ["[... \(length - longestReport) bytes omitted ...]"] + last.reversed()
    }

    /// Decodes a failure.
    public init(_ reader: inout ByteReader) throws(WireError) {
        text = try reader.string()
        script = try reader.string()
        modified = try reader.integer()
        report = try [String].read(from: &reader)
    }
}
