import Testing

@testable import WSGIConfig

/// A main server and virtual hosts, each with statements.
func configured(_ hosts: [(name: String?, statements: [String])]) throws -> [ConfiguredServer] {
    try hosts.enumerated().map { index, host in
        var configuration = Configuration()
        for statement in host.statements {
            try configuration.apply(statement, in: index == 0 ? .mainServer : .virtualHost, serverName: host.name)
        }
        return ConfiguredServer(
            host: HostIdentity(isMain: index == 0, name: host.name), settings: configuration.server)
    }
}

struct ProcessGroupsTests {
    static func find(_ name: String, from server: Int, in groups: ProcessGroups) -> ProcessGroups.Lookup {
        unsafe withBytes(name) { unsafe groups.find($0, from: server) }
    }

    static func example() throws -> ProcessGroups {
        try ProcessGroups(
            servers: configured([
                ("main.org", ["WSGIDaemonProcess global"]),
                ("a.org", ["WSGIDaemonProcess a"]),
                ("A.ORG", []),
                ("b.org", ["WSGIDaemonProcess b"]),
                (nil, ["WSGIDaemonProcess unnamed"]),
                (nil, []),
                ("main.org", ["WSGIDaemonProcess main-ssl"]),
            ]))
    }

    @Test(arguments: [
        ("global", [0, 1, 2, 3, 4, 5, 6]), ("a", [1, 2]), ("b", [3]), ("unnamed", [4]), ("main-ssl", [0, 6]),
    ])
    func groupIsUsableFrom(name: String, servers: [Int]) throws {
        let groups = try Self.example()
        let index = try #require(groups.all.firstIndex { $0.definition.name == name })
        for server in 0..<7 {
            let expected: ProcessGroups.Lookup = servers.contains(server) ? .found(index) : .ofOtherHost(index)
            #expect(Self.find(name, from: server, in: groups) == expected, "server \(server)")
        }
    }

    @Test(arguments: ["", "glob", "globalx", "Global", "x"])
    func unknownNameIsNotFound(name: String) throws {
        #expect(Self.find(name, from: 0, in: try Self.example()) == .unknown)
    }

    @Test func serverOutsideOfTheListMayUseNothing() throws {
        let groups = try Self.example()
        #expect(Self.find("global", from: 7, in: groups) == .ofOtherHost(0))
        #expect(Self.find("global", from: -1, in: groups) == .ofOtherHost(0))
    }

    @Test func groupsKeepTheOrderOfDefinition() throws {
        let groups = try Self.example()
        #expect(groups.all.map(\.definition.name) == ["global", "a", "b", "unnamed", "main-ssl"])
        #expect(groups.all.map(\.server) == [0, 1, 3, 4, 6])
        #expect(groups.notices.isEmpty)
    }

    @Test func identicalDefinitionsAreOne() throws {
        let groups = try ProcessGroups(
            servers: configured([
                ("main.org", []),
                ("a.org", ["WSGIDaemonProcess site processes=2 threads=5"]),
                ("b.org", ["WSGIDaemonProcess other", "WSGIDaemonProcess site threads=5 processes=2"]),
                ("c.org", []),
            ]))
        #expect(groups.all.map(\.definition.name) == ["site", "other"])
        #expect(
            (0..<4).map { Self.find("site", from: $0, in: groups) } == [
                .ofOtherHost(0), .found(0), .found(0), .ofOtherHost(0),
            ])
        #expect(
            groups.notices.map(\.text) == [
                "WSGIDaemonProcess 'site' is the same as at site.conf:1: both count as one definition."
            ])
        #expect(groups.notices.map(\.location.line) == [2])
    }

    @Test(arguments: [
        ("threads=5", "threads=6", "threads= ('5' there, '6' here)"),
        ("threads=15", "", "threads= ('15' there, not given here)"),
        ("", "processes=1", "processes= (not given there, '1' here)"),
        ("home=/a user=x", "user=x home=/b", "home= ('/a' there, '/b' here)"),
    ])
    func differingDefinitionsAreRefused(one: String, other: String, message: String) throws {
        let servers = try configured([
            ("main.org", []), ("a.org", ["WSGIDaemonProcess site \(one)"]),
            ("b.org", ["WSGIDaemonProcess x", "WSGIDaemonProcess site \(other)"]),
        ])
        do throws(ConfigError) {
            _ = try ProcessGroups(servers: servers)
            Issue.record("accepted")
        } catch {
            #expect(
                error.description
                    == "WSGIDaemonProcess 'site' at site.conf:2 was already defined at site.conf:1 with a different "
                    + "\(message): rename one of them, or make them the same.")
        }
    }

    @Test func sameTextInOtherWordsIsTheSame() throws {
        let groups = try ProcessGroups(
            servers: configured([
                ("main.org", []), ("a.org", ["WSGIDaemonProcess site stack-size=1M umask=22 graceful-timeout=1min"]),
                ("b.org", ["WSGIDaemonProcess site graceful-timeout=60 umask=0022 stack-size=1024K"]),
            ]))
        #expect(groups.all.count == 1)
    }

    @Test func thereAreNoMoreProcessesThanTheScoreboardHasSlots() throws {
        let most = try configured([("main.org", ["WSGIDaemonProcess a processes=4095", "WSGIDaemonProcess b"])])
        #expect(try ProcessGroups(servers: most).all.count == 2)
        let more = try configured([("main.org", ["WSGIDaemonProcess a processes=4096", "WSGIDaemonProcess b"])])
        #expect(throws: ConfigError("the process groups have 4097 processes together; at most 4096 are possible.")) {
            try ProcessGroups(servers: more)
        }
        let many = try configured([("main.org", (0..<1025).map { "WSGIDaemonProcess g\($0)" })])
        #expect(throws: ConfigError("there are 1025 process groups; at most 1024 are possible.")) {
            try ProcessGroups(servers: many)
        }
    }
}
