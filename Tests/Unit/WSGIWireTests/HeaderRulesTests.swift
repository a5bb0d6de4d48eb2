import Testing
import WSGIWire

struct HeaderRulesTests {
    @Test func everyByteOfAValueIsJudgedAsHTTPDDoes() {
        for byte in UInt8.min...UInt8.max {
            let isRejected = byte < 0x20 && byte != 0x09 || byte == 0x7F
            #expect(unsafe lend([0x61, byte, 0x62]) { unsafe HeaderRules.isFieldValue($0) } == !isRejected)
        }
        #expect(unsafe lend([]) { unsafe HeaderRules.isFieldValue($0) })
    }

    @Test func everyByteOfANameIsJudgedAsATokenIs() {
        let allowed = Array("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ".utf8)
        for byte in UInt8.min...UInt8.max {
            #expect(unsafe lend([0x61, byte]) { unsafe HeaderRules.isToken($0) } == allowed.contains(byte))
        }
        #expect(unsafe !lend([]) { unsafe HeaderRules.isToken($0) })
    }

    @Test(arguments: [
        ("200", 200), ("200 ", 200), ("999 x", 999), ("404 Not Found", 404), ("200 caf\u{E9}", 200), ("", nil),
        ("20", nil), ("2000", nil), ("099 x", nil), ("200OK", nil), ("200\tOK", nil), ("200 O\nK", nil), (" 200", nil),
    ])
    func statusCode(line: String, code: Int?) {
        #expect(unsafe lend(Array(line.utf8)) { unsafe HeaderRules.statusCode($0) } == code)
    }

    /// Appends headers of one name to a head; the first fault, and the declared length.
    static func fault(_ name: String, _ values: [String]) -> (HeaderRules.Fault?, Int64) {
        var buffer = ByteBuffer()
        var declared: Int64 = -1
        var encoder = unsafe lend(Array("200".utf8)) {
            unsafe ResponseHeadEncoder(into: &buffer, status: 200, statusLine: $0)
        }
        for value in values {
            let fault = unsafe lend(Array(name.utf8)) { name in
                unsafe lend(Array(value.utf8)) { value in
                    unsafe encoder.header(checking: name, value: value, declaredLength: &declared, into: &buffer)
                }
            }
            if let fault { return (fault, declared) }
        }
        return (nil, declared)
    }

    @Test func headersAreChecked() {
        #expect(Self.fault("X", ["a", "b"]) == (nil, -1))
        #expect(Self.fault("X Y", ["a"]) == (.name, -1))
        #expect(Self.fault("X", ["a\r\nSet-Cookie: b"]) == (.value, -1))
        for name in ["Connection", "TE", "trailer", "Upgrade", "trailers", "KEEP-ALIVE", "Transfer-Encoding"] {
            #expect(Self.fault(name, ["a"]) == (.hopByHop, -1))
        }
        for name in ["Proxy-Authenticate", "Proxy-Authorization"] {
            #expect(Self.fault(name, ["a"]) == (.hopByHop, -1))
        }
        for name in ["TX", "Traile", "Upgraded", "Connectio", "Set-Cookie"] {
            #expect(Self.fault(name, ["a"]) == (nil, -1))
        }
        #expect(Self.fault("content-LENGTH", [" +05 ", "5"]) == (nil, 5))
        for wrong in ["", "x", "-1", "1 2", "1234567890123456789"] {
            #expect(Self.fault("Content-Length", [wrong]) == (.contentLength, -1))
        }
        #expect(Self.fault("Content-Length", ["1", "2"]) == (.contentLength, 1))
    }

    /// Eight bytes are looked at at a time: each byte, at each place, in names and values of lengths about that.
    @Test(arguments: 1...18)
    func everyByteAtEveryPlace(count: Int) {
        let letters = Set("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ".utf8)
        for place in 0..<count {
            for byte in UInt8.min...UInt8.max {
                var text = [UInt8](repeating: UInt8(ascii: "z"), count: count)
                text[place] = byte
                let isValue = byte >= 0x20 && byte != 0x7F || byte == 0x09
                #expect(unsafe lend(text) { unsafe HeaderRules.isToken($0) } == letters.contains(byte))
                #expect(unsafe lend(text) { unsafe HeaderRules.isFieldValue($0) } == isValue)
            }
        }
    }

    @Test func whatAnotherProcessSendsIsAHeaderOfTheResponse() {
        let rejected = [
            ("X-A", "1\r\nX-B: 2"), ("X-A\r\nX-B", "1"), ("X A", "1"), ("", "1"), ("X-A", "\0"),
            ("Transfer-Encoding", "chunked"),
            ("connection", "close"), ("Upgrade", "h2c"),
        ]
        for (name, value) in rejected + [("Content-Type", "text/plain"), ("X-A", "")] {
            let isHarmless = unsafe lend(name.utf8) { name in
                unsafe lend(value.utf8) { unsafe HeaderRules.isHarmless(name, $0) }
            }
            #expect(isHarmless != rejected.contains { $0 == (name, value) }, "\(name): \(value)")
        }
    }
}
