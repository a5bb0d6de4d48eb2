/// The header `traceparent` of W3C Trace Context (https://www.w3.org/TR/trace-context/): version, trace id, parent id and
/// flags as lower-case hexadecimal digits, joined by `-`.
public enum TraceParent {
    /// The length of a header of version 00. Later versions may append fields.
    public static let length = 55
    /// The place of the trace id.
    private static let traceID = 3..<35

    /// The trace id of a header; `nil` if the header is invalid.
    public static func traceID(of header: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer? {
        guard header.count >= length else { return nil }
        for index in 0..<length {
            let byte = unsafe header[index]
            let isDash = index == 2 || index == 35 || index == 52
            guard isDash ? byte == UInt8(ascii: "-") : isDigit(byte) else { return nil }
        }
        let version = unsafe (header[0], header[1])
        if version == (UInt8(ascii: "f"), UInt8(ascii: "f")) { return nil }
        if header.count > length {
            let isFirst = version == (UInt8(ascii: "0"), UInt8(ascii: "0"))
            guard !isFirst, unsafe header[length] == UInt8(ascii: "-") else { return nil }
        }
        guard unsafe isSet(header[traceID]), unsafe isSet(header[36..<52]) else { return nil }
        return unsafe UnsafeRawBufferPointer(rebasing: header[traceID])
    }

    /// Writes a header of version 00 with the flag *sampled* into the first `length` bytes of a buffer.
    ///
    /// - Parameter random: The trace id and the parent id.
    public static func write(_ random: (UInt64, UInt64, UInt64), into buffer: UnsafeMutableRawBufferPointer) {
        guard buffer.count >= length else { return }
        let frame = "00-00000000000000000000000000000000-0000000000000000-01" as StaticString
        for index in 0..<length { unsafe buffer[index] = frame.utf8Start[index] }
        // Ids of zeros are invalid.
        unsafe write(random.0, at: 3, into: buffer)
        unsafe write(random.0 | random.1 == 0 ? 1 : random.1, at: 19, into: buffer)
        unsafe write(random.2 == 0 ? 1 : random.2, at: 36, into: buffer)
    }

    private static func write(_ number: UInt64, at start: Int, into buffer: UnsafeMutableRawBufferPointer) {
        for index in 0..<16 {
            let digit = UInt8(truncatingIfNeeded: number &>> UInt64(60 &- 4 &* index)) & 0xF
            unsafe buffer[start &+ index] = digit < 10 ? 0x30 &+ digit : 0x57 &+ digit
        }
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) || (0x61...0x66).contains(byte) }

    private static func isSet(_ digits: Slice<UnsafeRawBufferPointer>) -> Bool {
        unsafe digits.contains { $0 != UInt8(ascii: "0") }
    }
}
