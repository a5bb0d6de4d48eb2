import Testing
import WSGICore

struct LogIDTests {
    @Test(arguments: [
        (LogID.embeddedStartFailed, "WSGI0001"), (.interpreterFailed, "WSGI0035"), (.connectFailed, "WSGI0117"),
        (.applicationRaised, "WSGI0174"),
    ])
    func tagHasFourDigits(id: LogID, tag: String) {
        #expect(id.tag == tag)
    }

    @Test(
        arguments: [
            ("WSGI0035: text", LogID.interpreterFailed), ("WSGI0001:x", .embeddedStartFailed),
            ("WSGI0001:", .embeddedStartFailed),
            ("WSGI0001", nil), ("WSGI0999: text", nil), ("WSGI000a: text", nil), ("XWSGI0001: text", nil), ("", nil),
        ] as [(String, LogID?)])
    func idOfAMessage(message: String, id: LogID?) {
        let found = unsafe Array(message.utf8).withUnsafeBytes { unsafe LogID(of: $0) }
        #expect(found == id)
    }

    @Test func everyTagIsWellFormedAndUnique() {
        let tags = LogID.allCases.map(\.tag)
        #expect(Set(tags).count == tags.count)
        for (id, tag) in zip(LogID.allCases, tags) {
            #expect(tag.utf8.count == 8 && tag.hasPrefix("WSGI") && UInt16(tag.dropFirst(4)) == id.rawValue)
        }
    }

    @Test func numbersBelow1000AreThoseOfTheReference() {
        #expect(LogID.allCases.allSatisfy { (1...210).contains($0.rawValue) || $0.rawValue >= 1000 })
    }
}
