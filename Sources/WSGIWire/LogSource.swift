/// A log record that may name the place in a program where it was made.
///
/// The flag in its level says that it does. Then the text begins with that place: `line: Int32 | count: UInt16 | file`.
///
/// The value borrows the record, which must outlive it.
@safe public struct LogSource {
    /// The flag of the level; `WSGI_LOG_SOURCE` of the engine's ABI.
    public static let flag: UInt8 = 0x80
    /// The longest file name, in bytes.
    public static let longestFile = 255

    /// The level, without the flag.
    public let level: Int32
    /// The name of the file, without its folder; empty: unknown.
    public let file: UnsafeRawBufferPointer
    /// The line in it.
    public let line: Int32
    /// The text.
    public let text: UnsafeRawBufferPointer

    /// Decodes a record. If the place is malformed, everything is text.
    public init(level: Int32, _ record: UnsafeRawBufferPointer) {
        self.level = level & ~Int32(Self.flag)
        var reader = unsafe ByteReader(record)
        guard level & Int32(Self.flag) != 0, let line = try? reader.integer(Int32.self),
            let count = try? reader.integer(UInt16.self), count <= Self.longestFile,
            let file = unsafe try? reader.take(Int(count)), let text = unsafe try? reader.take(reader.remaining)
        else {
            self.line = 0
            unsafe (file, text) = (UnsafeRawBufferPointer(start: nil, count: 0), record)
            return
        }
        self.line = line
        unsafe (self.file, self.text) = (file, text)
    }

    /// Appends the place of a record; the text follows. Of a path, only the name of the file is sent.
    public static func append(path: UnsafeRawBufferPointer, line: Int32, to buffer: inout ByteBuffer) {
        let name = unsafe path.lastIndex(of: UInt8(ascii: "/")).map { unsafe path[($0 + 1)...] } ?? path[...]
        let file = unsafe UnsafeRawBufferPointer(rebasing: name.suffix(longestFile))
        buffer.append(line)
        buffer.append(UInt16(file.count))
        unsafe buffer.append(file)
    }
}
