import Testing

@testable import WSGIConfig

struct TrustedHeaderTests {
    @Test func namesAreFoundInAnyCase() throws {
        for header in TrustedHeader.allCases {
            #expect(try TrustedHeader(header.description) == header)
            #expect(try TrustedHeader(header.description.lowercased()) == header)
            #expect(TrustedHeaderSet.synonyms(of: header).has(header))
            for other in TrustedHeader.allCases {
                #expect(TrustedHeaderSet.synonyms(of: header).has(other) == (header.category == other.category))
            }
        }
        #expect(try TrustedHeader("X_FORWARDED_FOR") == .forwardedFor)
        #expect(TrustedHeader.count == TrustedHeader.allCases.count)
    }

    @Test func aMisspeltNameIsToldTheNearest() {
        #expect(
            throws: ConfigError(
                "'X-Forwarded-Fro' is not a header that a proxy can be trusted with: did you mean X-Forwarded-For?")
        ) {
            try TrustedHeader("X-Forwarded-Fro")
        }
        #expect(throws: ConfigError.self) { try TrustedHeader("Host") }
        #expect(throws: ConfigError.self) { try TrustedHeader("") }
    }
}

struct ForwardedForTests {
    @Test(arguments: [
        ("192.0.2.1", "192.0.2.1"), (" 192.0.2.1 , 10.0.0.1", "192.0.2.1"), (",, unknown,10.0.0.1", "unknown"),
        ("", nil), (" , ,", nil),
    ])
    func first(value: String, first: String?) {
        let found = unsafe withBytes(value) { bytes in unsafe ForwardedFor(bytes).first.map { unsafe text($0) } }
        #expect(found == first)
    }

    @Test(arguments: [
        // The element left of the proxies that are trusted.
        ("192.0.2.1, 10.0.0.1", "192.0.2.1"), ("1.1.1.1, 192.0.2.1,10.0.0.2,10.0.0.1", "192.0.2.1"),
        // All are trusted: the leftmost.
        ("10.0.0.3, 10.0.0.2", "10.0.0.3"), ("10.0.0.3", "10.0.0.3"), (", 10.0.0.3 ,", "10.0.0.3"),
        // None is: the last.
        ("1.1.1.1, 192.0.2.1", "192.0.2.1"),
        // What is no address ends the walk.
        ("1.1.1.1, 10.0.0.4, unknown, 10.0.0.1", "unknown"), ("10.0.0.4, 10.0.0.1:80", "10.0.0.1:80"),
        ("", nil), (",", nil),
    ])
    func clientBehindProxies(value: String, client: String?) throws {
        let proxies = try AddressList(["10.0.0.0/8"])
        let found = unsafe withBytes(value) { bytes in
            unsafe ForwardedFor(bytes).client(behind: proxies).map { unsafe text($0) }
        }
        #expect(found == client)
    }

    @Test(arguments: [
        ("a", "a"), ("a,b", "a, b"), (" a ,, b\t,", "a, b"), ("a, b,c", "a, b, c"), ("", ""), (",", ""),
        ("a,b,c,d", "a, b, c, d"),
    ])
    func elementsAreJoined(value: String, joined: String) {
        let found = unsafe withBytes(value) { bytes in
            unsafe withUnsafeTemporaryAllocation(byteCount: 2 * bytes.count + 1, alignment: 1) { room in
                let count = unsafe ForwardedFor(bytes).write(into: room)
                return unsafe text(UnsafeRawBufferPointer(rebasing: room[..<count]))
            }
        }
        #expect(found == joined)
    }
}

struct ForwardedRequestTests {
    private static let proxies = ["10.0.0.0/8"]

    @Test func theClientIsTakenFromTheHeader() throws {
        let result = try decide(
            ["X-Forwarded-For"], ["X-Forwarded-For": "1.1.1.1, 192.0.2.1,10.0.0.2"], Self.proxies, "10.0.0.1")
        #expect(result.client == "192.0.2.1")
        #expect(result.forwardedFor == "192.0.2.1,10.0.0.2")
        #expect(result.removed == ["X-Client-IP", "X-Real-IP"])
    }

    @Test func withoutProxiesTheFirstElementCounts() throws {
        let result = try decide(["X-Forwarded-For"], ["X-Forwarded-For": "1.1.1.1, 192.0.2.1"], nil, "203.0.113.1")
        #expect(result.client == "1.1.1.1")
        #expect(result.forwardedFor == nil)
    }

    @Test(arguments: ["203.0.113.1", "unknown", ""])
    func aPeerThatIsNotTrustedIsNotBelieved(peer: String) throws {
        let headers = [
            "X-Forwarded-For": "1.1.1.1", "X-Real-IP": "1.1.1.1", "X-Forwarded-Proto": "https", "X-Host": "evil",
        ]
        let result = try decide(["X-Forwarded-For", "X-Forwarded-Proto"], headers, Self.proxies, peer)
        #expect(result.client == nil && result.isHTTPS == nil && result.host == nil)
        #expect(
            result.removed == [
                "X-Forwarded-For", "X-Client-IP", "X-Real-IP", "X-Forwarded-Proto", "X-Forwarded-Scheme", "X-Scheme",
                "X-Forwarded-HTTPS", "X-Forwarded-SSL", "X-HTTPS",
            ])
    }

    @Test func anUnknownPeerIsNotTrusted() throws {
        let result = try decide(["X-Real-IP"], ["X-Real-IP": "1.1.1.1"], Self.proxies, nil)
        #expect(result.client == nil)
        #expect(result.removed.count == 3)
    }

    @Test func theLastOfSeveralHeadersCounts() throws {
        let headers = ["X-Real-IP": "1.1.1.1", "X-Client-IP": "2.2.2.2"]
        let result = try decide(["X-Client-IP", "X-Real-IP", "X-Forwarded-For"], headers, nil, "10.0.0.1")
        #expect(result.client == "1.1.1.1")
        #expect(result.removed == ["X-Forwarded-For", "X-Client-IP"])
    }

    @Test func otherHeadersReplaceTheirValues() throws {
        let headers = [
            "X-Forwarded-Host": "www.example.com", "X-Forwarded-Server": "front", "X-Forwarded-Port": "8443",
            "X-Script-Name": "/mounted", "X-Forwarded-Proto": "HTTPS",
        ]
        let result = try decide(headers.keys.sorted(), headers, nil, "10.0.0.1")
        #expect(result.host == "www.example.com" && result.serverName == "front" && result.port == "8443")
        #expect(result.scriptName == "/mounted" && result.isHTTPS == true)
        #expect(
            result.removed == [
                "X-Host", "X-Forwarded-Script-Name", "X-Forwarded-Scheme", "X-Scheme", "X-Forwarded-HTTPS",
                "X-Forwarded-SSL", "X-HTTPS",
            ])
    }

    @Test(
        arguments: [
            ("X-Forwarded-Proto", "https", true), ("X-Scheme", "http", false), ("X-Forwarded-Scheme", "HtTp", false),
            ("X-Forwarded-SSL", "on", true), ("X-HTTPS", "1", true), ("X-Forwarded-HTTPS", "True", true),
            ("X-Forwarded-HTTPS", "off", false), ("X-HTTPS", "0", false), ("X-Forwarded-SSL", "FALSE", false),
            ("X-Forwarded-Proto", "on", nil), ("X-HTTPS", "https", nil), ("X-Forwarded-Proto", "", nil),
        ] as [(String, String, Bool?)])
    func scheme(header: String, value: String, isHTTPS: Bool?) throws {
        let result = try decide([header], [header: value], nil, "10.0.0.1")
        #expect(result.isHTTPS == isHTTPS)
        #expect(result.removed.contains(header) == (isHTTPS == nil))
    }

    @Test func anEmptyMountPointIsOne() throws {
        let result = try decide(["X-Script-Name", "X-Host"], ["X-Script-Name": "", "X-Host": ""], nil, "10.0.0.1")
        #expect(result.scriptName?.isEmpty == true)
        #expect(result.host == nil)
    }

    @Test func nothingListedNothingChanged() throws {
        let result = try decide([], ["X-Forwarded-For": "1.1.1.1"], nil, "10.0.0.1")
        #expect(result.client == nil)
        #expect(result.removed.isEmpty)
    }

    private struct Result {
        var client, forwardedFor, host, serverName, port, scriptName: String?
        var isHTTPS: Bool?
        var removed: Set<String>
    }

    private func decide(
        _ trusted: [String], _ headers: [String: String], _ proxies: [String]?, _ peer: String?
    ) throws -> Result {
        var names: [TrustedHeader] = []
        for name in trusted { names.append(try TrustedHeader(name)) }
        let list = try proxies.map { try AddressList($0) }
        let source = HeaderTexts(headers)
        let peerText = peer.map { HeaderTexts(["X-Host": $0]) }
        let result = unsafe ForwardedRequest(
            trusted: names, proxies: list, peer: peerText?.value(of: .host), headers: source)
        return unsafe Result(
            client: result.client.map { unsafe text($0) }, forwardedFor: result.forwardedFor.map { unsafe text($0) },
            host: result.host.map { unsafe text($0) }, serverName: result.serverName.map { unsafe text($0) },
            port: result.port.map { unsafe text($0) }, scriptName: result.scriptName.map { unsafe text($0) },
            isHTTPS: result.isHTTPS,
            removed: Set(TrustedHeader.allCases.filter { result.removed.has($0) }.map(\.description)))
    }
}

/// Headers whose values stay in place for as long as it lives.
private final class HeaderTexts: ForwardedHeaders {
    private var values: [TrustedHeader: Value] = [:]

    @safe private struct Value {
        let bytes: UnsafeMutableRawBufferPointer
    }

    init(_ headers: [String: String]) {
        for (name, value) in headers {
            guard let header = try? TrustedHeader(name) else { continue }
            let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: value.utf8.count, alignment: 1)
            unsafe copy.copyBytes(from: value.utf8)
            values[header] = unsafe Value(bytes: copy)
        }
    }

    deinit { for value in values.values { unsafe value.bytes.deallocate() } }

    func value(of header: TrustedHeader) -> UnsafeRawBufferPointer? {
        guard let value = values[header] else { return nil }
        return unsafe UnsafeRawBufferPointer(value.bytes)
    }
}

private func text(_ bytes: UnsafeRawBufferPointer) -> String { unsafe String(decoding: bytes, as: UTF8.self) }
