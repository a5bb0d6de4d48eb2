import Testing

@testable import WSGIConfig

struct IPAddressTests {
    @Test(arguments: [
        "0.0.0.0", "127.0.0.1", "255.255.255.255", "::", "::1", "1::", "2001:db8::1", "2001:DB8::a:B",
        "1:2:3:4:5:6:7:8",
        "::ffff:192.0.2.1", "64:ff9b::192.0.2.1", "1:2:3:4:5:6:192.0.2.1", "1:2:3:4:5:6:7::", "::2:3:4:5:6:7:8",
    ])
    func numericFormsAreAddresses(text: String) {
        #expect(IPAddress(text) != nil)
    }

    @Test(arguments: [
        "", " 127.0.0.1", "127.0.0.1 ", "127.0.0", "127.0.0.1.", "127.0.0.1.2", "127.0.0.256", "127.0.0.01",
        "1.2.3.0004",
        "localhost", "unknown", "127.0.0.1:80", "[::1]", "[::1]:80", "fe80::1%eth0", ":", ":::", "1:", ":1", "1::2::3",
        "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1:2:3:4:5:6:7:8::", "::1:2:3:4:5:6:7:8", "12345::", "g::",
        "1:2:3:4:5:6:7:1.2.3.4",
        "::1.2.3.4.5", "::1.2.3", "1.2.3.4::", "127.1", "0x7f.0.0.1", "2130706433", "1::2:", "\u{0}",
    ])
    func everythingElseIsNone(text: String) {
        #expect(IPAddress(text) == nil)
    }

    @Test(arguments: [
        ("::ffff:192.0.2.1", "192.0.2.1"), ("::FFFF:c000:0201", "192.0.2.1"), ("2001:DB8:0:0::1", "2001:db8::0001"),
        ("0:0:0:0:0:0:0:0", "::"), ("1:0:0:0:5:6:7:8", "1::5:6:7:8"), ("::1.2.3.4", "::102:304"),
    ])
    func differentFormsOfAnAddressAreEqual(one: String, other: String) {
        #expect(IPAddress(one) == IPAddress(other))
        #expect(IPAddress(one)?.isIPv4 == IPAddress(other)?.isIPv4)
    }

    @Test func kindsAreTold() {
        #expect(IPAddress("10.0.0.1")?.isIPv4 == true)
        #expect(IPAddress("::10.0.0.1")?.isIPv4 == false)
        #expect(IPAddress("10.0.0.1") != IPAddress("::10.0.0.1"))
    }
}

struct AddressListTests {
    @Test(arguments: [
        ("10.0.0.0/8", "10.255.0.1"), ("10.1.2.3/8", "10.9.9.9"), ("192.0.2.1", "192.0.2.1"), ("0.0.0.0/0", "8.8.8.8"),
        ("192.0.2.128/25", "192.0.2.200"), ("fd00::/8", "FDFF::1"), ("2001:db8::/65", "2001:db8::7fff:0:0:1"),
        ("2001:db8::1", "2001:DB8:0::1"), ("::/0", "2001:db8::1"), ("::ffff:10.0.0.0/104", "10.2.3.4"),
        ("10.0.0.0/255.0.0.0", "10.9.9.9"), ("10.1.0.9/255.0.255.0", "10.7.0.3"), ("10.", "10.1.2.3"),
        ("192.168", "192.168.3.4"), ("192.168.3.", "192.168.3.4"), ("127", "127.0.0.1"),
        ("10.0.0.0/8", "::ffff:10.2.3.4"), ("2001:db8::/32", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff"),
    ])
    func addressInNetwork(word: String, address: String) throws {
        #expect(try contains([word], address))
    }

    @Test(arguments: [
        ("10.0.0.0/8", "11.0.0.1"), ("192.0.2.1", "192.0.2.2"), ("192.0.2.128/25", "192.0.2.127"),
        ("0.0.0.0/0", "::1"), ("::/0", "10.0.0.1"), ("2001:db8::/65", "2001:db8::8000:0:0:1"),
        ("10.0.0.0/255.0.0.0", "11.0.0.1"), ("192.168", "192.169.0.1"), ("10.", "::1"), ("1", "10.0.0.1"),
        ("10.0.0.0/8", "unknown"),
        ("10.0.0.0/8", ""), ("10.0.0.0/8", "10.0.0.1:80"), ("2001:db8::1", "2001:db8::2"),
    ])
    func addressOutsideOfNetwork(word: String, address: String) throws {
        #expect(try !contains([word], address))
    }

    @Test func anyOfSeveralIsEnough() throws {
        let words = ["127.0.0.1", "::1", "10.0.0.0/8"]
        for address in ["127.0.0.1", "::1", "10.0.0.1"] { #expect(try contains(words, address)) }
        #expect(try AddressList(words).description == words.joined(separator: " "))
        var list = try AddressList(["127.0.0.1"])
        list.append(try AddressList(["::1", "10.0.0.0/8"]))
        #expect(try list == AddressList(words))
        #expect(AddressList().isEmpty)
    }

    @Test(arguments: [
        "", "proxy.example.com", "10.0.0.0/33", "::/129", "10.0.0.0/", "10.0.0.0/-1", "10.0.0.0/8/8",
        "10.0.0.0/255.0.0", "fd00::/255.0.0.0", "256.", "10..", ".10", "10.0.0.0.0", "10.*", "[::1]", "fe80::1%eth0",
        "::ffff:10.0.0.0/8", "/8",
    ])
    func everythingElseIsRefused(word: String) {
        #expect(throws: ConfigError.self) { try AddressList([word]) }
    }

    private func contains(_ words: [String], _ address: String) throws -> Bool {
        let list = try AddressList(words)
        return unsafe withBytes(address) { bytes in unsafe list.contains(bytes) }
    }
}
