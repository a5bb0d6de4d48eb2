import Testing

@testable import WSGIConfig

struct GroupExpressionTests {
    /// A request that answers from fixed texts, whose bytes live as long as the test.
    @safe final class Request: ExpansionSource {
        private var blocks: [UnsafeMutableRawBufferPointer] = unsafe []
        private(set) var serverName = unsafe UnsafeRawBufferPointer(start: nil, count: 0)
        private(set) var hostName = unsafe UnsafeRawBufferPointer(start: nil, count: 0)
        private(set) var scriptName = unsafe UnsafeRawBufferPointer(start: nil, count: 0)
        let port: UInt16
        private let variables: [String: String]
        let ignoresCase: Bool

        init(
            server: String = "example.org", host: String = "www.example.org", port: UInt16 = 80,
            script: String = "/app", variables: [String: String] = [:], ignoresCase: Bool = false
        ) {
            (self.port, self.variables, self.ignoresCase) = (port, variables, ignoresCase)
            unsafe serverName = keep(server)
            unsafe hostName = keep(host)
            unsafe scriptName = keep(script)
        }

        deinit { unsafe blocks.forEach { unsafe $0.deallocate() } }

        private func keep(_ text: String) -> UnsafeRawBufferPointer {
            let block = UnsafeMutableRawBufferPointer.allocate(byteCount: text.utf8.count, alignment: 1)
            unsafe block.copyBytes(from: text.utf8)
            unsafe blocks.append(block)
            return UnsafeRawBufferPointer(block)
        }

        func variable(_ name: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer? {
            guard let value = unsafe variables[String(decoding: name, as: UTF8.self)] else { return nil }
            return unsafe keep(value)
        }
    }

    static func evaluate(
        _ expression: GroupExpression, _ request: Request, capacity: Int = 256
    ) -> String? {
        unsafe withUnsafeTemporaryAllocation(byteCount: capacity, alignment: 1) { buffer in
            unsafe expression.write(for: request, into: buffer).map { length in
                unsafe String(decoding: buffer[..<length], as: UTF8.self)
            }
        }
    }

    @Test(
        arguments: [
            ("", .literal, ""), ("site", .literal, "site"), ("%{GLOBAL}", .literal, ""),
            ("%{SERVER}", .server, "%{SERVER}"),
            ("%{RESOURCE}", .resource, "%{RESOURCE}"), ("%{HOST}", .host, "%{HOST}"),
            ("%{ENV:X}", .environment, "%{ENV:X}"), ("%{ENV:}", .literal, "%{ENV:}"), ("%{ENV:X", .literal, "%{ENV:X"),
            ("%{server}", .literal, "%{server}"), ("%{OTHER}", .literal, "%{OTHER}"), ("%", .literal, "%"),
            ("%{SERVER}x", .literal, "%{SERVER}x"), ("x%{SERVER}", .literal, "x%{SERVER}"),
            (" %{GLOBAL}", .literal, " %{GLOBAL}"),
        ] as [(String, GroupExpression.Kind, String)])
    func groupIsParsed(text: String, kind: GroupExpression.Kind, kept: String) {
        let expression = GroupExpression(text)
        #expect(expression.kind == kind)
        #expect(expression.text.string == kept)
        #expect(expression.isLiteral == (kind == .literal))
    }

    @Test(
        arguments: [
            ("app", .literal, "app"), ("%{ENV:X}", .environment, "%{ENV:X}"), ("%{SERVER}", .literal, "application"),
            ("%{GLOBAL}", .literal, "application"), ("%{ENV:}", .literal, "application"),
            ("%x", .literal, "application"),
        ] as [(String, GroupExpression.Kind, String)])
    func callableIsParsed(text: String, kind: GroupExpression.Kind, kept: String) {
        let expression = GroupExpression(text, role: .callableObject)
        #expect(expression.kind == kind)
        #expect(expression.text.string == kept)
    }

    @Test(
        arguments: [
            ("site", "site"), ("%{GLOBAL}", ""), ("", ""), ("100%", "100%"), ("%x", "%x"), ("%{SERVER}", nil),
            ("%{RESOURCE}", nil), ("%{HOST}", nil), ("%{ENV:X}", nil), ("%{OTHER}", nil), ("x%{SERVER}", nil),
        ] as [(String, String?)])
    func staticTextIsWithoutVariables(text: String, expected: String?) {
        #expect(GroupExpression(text).staticText == expected)
    }

    @Test func onlyApplicationGroupsKnowAuto() {
        let group = GroupExpression(applicationGroup: "%{AUTO}")
        #expect(group.kind == .auto && group.staticText == nil && group.text == "%{AUTO}")
        #expect(GroupExpression("%{AUTO}").kind == .literal)
        #expect(GroupExpression(applicationGroup: "%{GLOBAL}") == GroupExpression("%{GLOBAL}"))
    }

    @Test func scriptNamesAreLowerCasedWhereCaseDoesNotCount() {
        let request = Request(server: "Example.org", script: "/App/É", ignoresCase: true)
        #expect(Self.evaluate(GroupExpression("%{RESOURCE}"), request) == "Example.org|/app/É")
    }

    @Test(arguments: [
        ("site", "site"), ("%{GLOBAL}", ""), ("%{OTHER}", "%{OTHER}"), ("%{SERVER}", "example.org:8080"),
        ("%{HOST}", "www.example.org:8080"), ("%{RESOURCE}", "example.org:8080|/a/b"), ("%{ENV:X}", "from-env"),
        ("%{ENV:UNSET}", "%{ENV:UNSET}"), ("%{ENV:EMPTY}", ""), ("%{ENV:TO_SERVER}", "example.org:8080"),
        ("%{ENV:TO_HOST}", "www.example.org:8080"), ("%{ENV:TO_RESOURCE}", "example.org:8080|/a/b"),
        ("%{ENV:TO_GLOBAL}", ""), ("%{ENV:TO_ENV}", "%{ENV:X}"), ("%{ENV:TO_OTHER}", "%{OTHER}"),
    ])
    func groupIsEvaluated(text: String, value: String) {
        let request = Request(
            port: 8080, script: "//a///b",
            variables: [
                "X": "from-env", "EMPTY": "", "TO_SERVER": "%{SERVER}", "TO_HOST": "%{HOST}",
                "TO_RESOURCE": "%{RESOURCE}", "TO_GLOBAL": "%{GLOBAL}", "TO_ENV": "%{ENV:X}", "TO_OTHER": "%{OTHER}",
            ])
        #expect(Self.evaluate(GroupExpression(text), request) == value)
    }

    @Test(arguments: [
        ("app", "app"), ("%{ENV:X}", "from_env"), ("%{ENV:UNSET}", "application"), ("%{SERVER}", "application"),
        ("%{ENV:TO_SERVER}", "application"), ("%{ENV:TO_ENV}", "application"),
    ])
    func callableIsEvaluated(text: String, value: String) {
        let request = Request(variables: ["X": "from_env", "TO_SERVER": "%{SERVER}", "TO_ENV": "%{ENV:X}"])
        #expect(Self.evaluate(GroupExpression(text, role: .callableObject), request) == value)
    }

    @Test(arguments: [("", "example.org"), ("other.org", "other.org")])
    func serverStandsInForAnEmptyHost(host: String, value: String) {
        #expect(Self.evaluate(GroupExpression("%{HOST}"), Request(host: host)) == value)
    }

    @Test(
        arguments: [
            (80, "h"), (443, "h"), (81, "h:81"), (1, "h:1"), (0, "h:0"), (8000, "h:8000"), (10000, "h:10000"),
            (65535, "h:65535"), (9, "h:9"), (10, "h:10"), (8443, "h:8443"),
        ] as [(UInt16, String)])
    func portIsAddedUnlessUsual(port: UInt16, value: String) {
        #expect(Self.evaluate(GroupExpression("%{SERVER}"), Request(server: "h", port: port)) == value)
    }

    @Test(arguments: [
        ("", "h|"), ("/", "h|/"), ("//", "h|/"), ("/a", "h|/a"), ("//a//b/", "h|/a/b/"), ("/a///", "h|/a/"),
        ("/é b", "h|/é b"),
    ])
    func resourceNameHasOneSlashForMany(script: String, name: String) {
        let written = Self.evaluate(GroupExpression("%{RESOURCE}"), Request(server: "h", port: 443, script: script))
        #expect(written == name)
    }

    @Test(arguments: ["site-name-1", "%{RESOURCE}", "%{SERVER}", "%{HOST}", "%{ENV:X}", "%{ENV:UNSET}"])
    func tooLongIsNeverCut(text: String) throws {
        let request = Request(port: 8080, variables: ["X": "from-env"])
        let expression = GroupExpression(text)
        let value = try #require(Self.evaluate(expression, request))
        for capacity in 0..<value.utf8.count {
            #expect(Self.evaluate(expression, request, capacity: capacity) == nil)
        }
        #expect(Self.evaluate(expression, request, capacity: value.utf8.count) == value)
        #expect(Self.evaluate(GroupExpression(""), request, capacity: 0) == "")
    }
}
