/// What a status line and a header may consist of. Whatever passes cannot break a response apart, and httpd sends it.
public enum HeaderRules {
    /// What is wrong with a header, as the exception says it.
    public enum Fault: String, Sendable {
        /// The name is not a token of RFC 9110.
        case name = "the name of a response header is not a token"
        /// The value has characters that cannot stand in a header line.
        case value = "the value of a response header contains a control character"
        /// A Content-Length that is no number, or not the number that was given before.
        case contentLength = "the Content-Length of the response is not a number, or there are several"
        /// A header that is between two neighbours, and so the server's business (PEP 3333).
        case hopByHop = "the application may not set a hop-by-hop response header"
        /// More headers than a response head can count.
        case count = "there are too many response headers"
    }

    /// The code of a status line: three digits, then nothing, or a space and a reason without control characters.
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
        guard unsafe !name.isEmpty else { return false }
        for index in 0..<name.count {
            let byte = unsafe name[index]
            let low = byte < 64
            let set: UInt64 = low ? 0x03FF_6CFA_0000_0000 : 0x57FF_FFFF_C7FF_FFFE
            guard byte < 128, (set >> UInt64(byte & 63)) & 1 == 1 else { return false }
        }
        return true
    }

    /// Whether bytes can stand in a header line: no control characters but the tab. httpd refuses the others, too.
    public static func isFieldValue(_ value: UnsafeRawBufferPointer) -> Bool {
        for index in 0..<value.count {
            let byte = unsafe value[index]
            if byte < 0x20 && byte != 0x09 || byte == 0x7F { return false }
        }
        return true
    }

    /// Whether a header's name is Content-Length.
    static func isContentLength(_ name: UnsafeRawBufferPointer) -> Bool {
        unsafe name.count == 14 && equals(name, "content-length")
    }

    /// Whether a header is between two neighbours (RFC 2616, 13.5.1; RFC 9110, 7.6.1).
    static func isHopByHop(_ name: UnsafeRawBufferPointer) -> Bool {
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

    /// Whether a name of the literal's length is the literal, which is in lower case.
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

extension ResponseHeadEncoder {
    /// Appends a header of an application, if it follows the rules.
    ///
    /// - Parameter declaredLength: The value of the Content-Length so far, or -1; a Content-Length sets it.
    /// - Returns: what is wrong with the header; nothing has been appended then.
    public mutating func header(
        checking name: UnsafeRawBufferPointer, value: UnsafeRawBufferPointer, declaredLength: inout Int64,
        into buffer: inout ByteBuffer
    ) -> HeaderRules.Fault? {
        guard unsafe HeaderRules.isToken(name) else { return .name }
        guard unsafe HeaderRules.isFieldValue(value) else { return .value }
        guard unsafe !HeaderRules.isHopByHop(name) else { return .hopByHop }
        var text = unsafe value
        if unsafe HeaderRules.isContentLength(name) {
            guard let length = unsafe HeaderRules.contentLength(value),
                unsafe declaredLength < 0 || declaredLength == length.value
            else { return .contentLength }
            declaredLength = unsafe length.value
            unsafe text = length.digits
        }
        return unsafe header(name: name, value: text, into: &buffer) ? nil : .count
    }
}
