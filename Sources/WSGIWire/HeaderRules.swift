/// Rules for status lines and headers. Those that pass cannot split a response, and httpd sends them.
public enum HeaderRules {
    /// The defect of a header, as text for the exception.
    public enum Fault: String, Sendable {
        /// The name is not a token of RFC 9110.
        case name = "the name of a response header is not a token"
        /// The value has characters that are not allowed in a header line.
        case value = "the value of a response header contains a control character"
        /// A Content-Length that is not a number, or differs from an earlier one.
        case contentLength = "the Content-Length of the response is not a number, or there are several"
        /// A hop-by-hop header, which only the server may set (PEP 3333).
        case hopByHop = "the application may not set a hop-by-hop response header"
        /// More than `ResponseHead.mostHeaders`.
        case count = "there are too many response headers, the limit is 1000"
        /// A head that is longer than `Frame.maximumText`.
        case size = "the response headers are too long, the limit is 1 MiB"
    }

    /// Maximum length of a status line, code and reason: more than any server sends or client accepts.
    public static let longestStatus = 8 << 10

    /// The code of a status line: three digits, optionally followed by a space and a reason without control characters.
    public static func statusCode(_ line: UnsafeRawBufferPointer) -> Int? {
        guard line.count >= 3 else { return nil }
        var code = 0
        for index in 0..<3 {
            guard let digit = unsafe digit(line[index]) else { return nil }
            code = code &* 10 &+ digit
        }
        guard code >= 100 else { return nil }
        if line.count > 3 {
            guard unsafe line[3] == UInt8(ascii: " ") else { return nil }
            for index in 4..<max(4, line.count) where unsafe line[index] < 0x20 || line[index] == 0x7F {
                return nil
            }
        }
        return code
    }

    /// Whether bytes are a token of RFC 9110.
    public static func isToken(_ name: UnsafeRawBufferPointer) -> Bool {
        let count = name.count
        // Names of eight or more letters, as most are, are checked in groups of eight. The last group may overlap.
        if count >= 8 {
            var index = 0
            while index &+ 8 < count {
                guard unsafe isPlain(name.loadUnaligned(fromByteOffset: index, as: UInt64.self)) else { break }
                index = index &+ 8
            }
            if index &+ 8 >= count, unsafe isPlain(name.loadUnaligned(fromByteOffset: count &- 8, as: UInt64.self)) {
                return true
            }
        }
        guard count > 0 else { return false }
        for index in 0..<count {
            let byte = unsafe name[index]
            let low = byte < 64
            let set: UInt64 = low ? 0x03FF_6CFA_0000_0000 : 0x57FF_FFFF_C7FF_FFFE
            guard byte < 128, (set >> UInt64(byte & 63)) & 1 == 1 else { return false }
        }
        return true
    }

    /// Whether eight bytes are letters of ASCII and hyphens.
    @inline(__always)
    private static func isPlain(_ word: UInt64) -> Bool {
        let high: UInt64 = 0x8080_8080_8080_8080
        guard word & high == 0 else { return false }
        // The highest bit of each byte shows whether it is at least "a", greater than "z", and a hyphen.
        let small = word | 0x2020_2020_2020_2020
        let isLetter = (small &+ 0x1F1F_1F1F_1F1F_1F1F) & ~(small &+ 0x0505_0505_0505_0505)
        let isHyphen = high &- (word ^ 0x2D2D_2D2D_2D2D_2D2D)
        return (isLetter | isHyphen) & high == high
    }

    /// Whether bytes are allowed in a header line: no control characters except the tab. httpd rejects the others, too.
    public static func isFieldValue(_ value: UnsafeRawBufferPointer) -> Bool {
        var index = 0
        // Eight bytes at a time, as long as none of them is suspicious.
        while index &+ 8 <= value.count {
            let word = unsafe value.loadUnaligned(fromByteOffset: index, as: UInt64.self)
            let other = word ^ 0x7F7F_7F7F_7F7F_7F7F
            let suspicious = (word &- 0x2020_2020_2020_2020) & ~word | (other &- 0x0101_0101_0101_0101) & ~other
            if suspicious & 0x8080_8080_8080_8080 != 0 { break }
            index = index &+ 8
        }
        while index < value.count {
            let byte = unsafe value[index]
            if byte < 0x20 && byte != 0x09 || byte == 0x7F { return false }
            index = index &+ 1
        }
        return true
    }

    /// Whether a header's name is Content-Length.
    static func isContentLength(_ name: UnsafeRawBufferPointer) -> Bool {
        unsafe name.count == 14 && equals(name, "content-length")
    }

    /// Whether a header is hop-by-hop (RFC 2616, 13.5.1; RFC 9110, 7.6.1).
    public static func isHopByHop(_ name: UnsafeRawBufferPointer) -> Bool {
        switch name.count {
        case 2: unsafe equals(name, "te")
        case 7: unsafe equals(name, "trailer") || equals(name, "upgrade")
        case 8: unsafe equals(name, "trailers")
        case 10: unsafe equals(name, "connection") || equals(name, "keep-alive")
        case 17: unsafe equals(name, "transfer-encoding")
        case 18: unsafe equals(name, "proxy-authenticate")
        case 19: unsafe equals(name, "proxy-authorization")
        default: false
        }
    }

    /// Whether a header from another process is valid and not hop-by-hop. httpd checks the same when it sends the head,
    /// which is too late for an answer with the right length.
    public static func isHarmless(_ name: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) -> Bool {
        unsafe isToken(name) && isFieldValue(value) && !isHopByHop(name)
    }

    /// Whether a name with the length of the literal equals the literal, which is in lower case.
    private static func equals(_ name: UnsafeRawBufferPointer, _ literal: StaticString) -> Bool {
        for index in 0..<name.count where unsafe (name[index] | 0x20) != (literal.utf8Start[index] | 0x20) {
            return false
        }
        return true
    }

    /// The value of a Content-Length, and its digits without spaces and sign.
    static func contentLength(_ text: UnsafeRawBufferPointer) -> (value: Int64, digits: UnsafeRawBufferPointer)? {
        var (first, last) = (0, text.count)
        while first < last, unsafe text[first] == UInt8(ascii: " ") { first += 1 }
        while last > first, unsafe text[last &- 1] == UInt8(ascii: " ") { last -= 1 }
        if first < last, unsafe text[first] == UInt8(ascii: "+") { first += 1 }
        guard last &- first >= 1 && last &- first <= 18 else { return nil }
        var value: Int64 = 0
        for index in first..<last {
            guard let digit = unsafe digit(text[index]) else { return nil }
            value = value &* 10 &+ Int64(digit)
        }
        return unsafe (value, UnsafeRawBufferPointer(rebasing: text[first..<last]))
    }

    private static func digit(_ byte: UInt8) -> Int? {
        byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9") ? Int(byte &- UInt8(ascii: "0")) : nil
    }
}
