import Testing
import WSGIWire

struct LogSourceTests {
    private static func record(_ path: String, _ line: Int32, _ text: String) -> [UInt8] {
        var buffer = ByteBuffer()
        unsafe Array(path.utf8).withUnsafeBytes { unsafe LogSource.append(path: $0, line: line, to: &buffer) }
        unsafe Array(text.utf8).withUnsafeBytes { unsafe buffer.append($0) }
        return unsafe Array(buffer.bytes)
    }

    private static func decoded(_ level: Int32, _ record: [UInt8]) -> (Int32, String, Int32, String) {
        unsafe record.withUnsafeBytes { bytes in
            let record = unsafe LogSource(level: level, bytes)
            return unsafe (
                record.level, String(decoding: record.file, as: UTF8.self), record.line,
                String(decoding: record.text, as: UTF8.self)
            )
        }
    }

    @Test(arguments: ["views.py", "/srv/app/views.py", "app/views.py"])
    func nameOfTheFileIsReadBack(path: String) {
        #expect(Self.decoded(6 | 0x80, Self.record(path, 12, "text")) == (6, "views.py", 12, "text"))
    }

    @Test func longNamesAreCut() {
        let found = Self.decoded(7 | 0x80, Self.record(String(repeating: "n", count: 300) + ".py", 1, ""))
        #expect(found.1 == String(repeating: "n", count: 252) + ".py" && found.3 == "")
    }

    @Test func recordWithoutAPlaceIsText() {
        let record = Self.record("views.py", 12, "text")
        let found = Self.decoded(6, record)
        #expect((found.0, found.1, found.2) == (6, "", 0) && found.3.hasSuffix("text"))
    }

    @Test(arguments: 0..<14)
    func malformedPlaceIsText(count: Int) {
        // The name is longer than what is there.
        let record = Array(Self.record("views.py", 12, "").prefix(count))
        let found = Self.decoded(6 | 0x80, record)
        #expect((found.0, found.1, found.2) == (6, "", 0))
        #expect(found.3.unicodeScalars.count <= record.count)
    }
}
