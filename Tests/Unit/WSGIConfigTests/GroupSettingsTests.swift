import Testing

@testable import WSGIConfig

struct GroupSettingsTests {
    private static func settings(_ options: String) throws -> GroupSettings {
        var configuration = Configuration()
        try configuration.apply("WSGIDaemonProcess a \(options)")
        return GroupSettings(configuration.server.groupDefinitions[0].options, timeout: 77)
    }

    /// Options, and what they are for httpd's children.
    private static let meanings: [(options: String, isRight: @Sendable (GroupSettings) -> Bool)] = [
        ("", { $0.connectTimeout == 15 && $0.queueTimeout == 0 && $0.backlog == 100 }),
        (
            "connect-timeout=3 queue-timeout=4 listen-backlog=5",
            { $0.connectTimeout == 3 && $0.queueTimeout == 4 && $0.backlog == 5 }
        ),
        ("", { $0.socketTimeout == 77 && $0.clientTimeout == 0 }),
        ("socket-timeout=6", { $0.socketTimeout == 6 && $0.clientTimeout == 6 }),
        ("socket-timeout=6 response-socket-timeout=7", { $0.socketTimeout == 6 && $0.clientTimeout == 7 }),
        ("graceful-timeout=8 shutdown-timeout=9", { $0.drainTimeout == 17 }),
        ("graceful-timeout=8 eviction-timeout=20 shutdown-timeout=9", { $0.drainTimeout == 29 }),
        ("", { $0.longestHeader == 32_768 && $0.largestBacklog == 8 << 20 }),
        (
            "header-buffer-size=8192 response-buffer-size=65536",
            { $0.longestHeader == 8_192 && $0.largestBacklog == 65_536 }
        ),
        ("", { $0.buffers == (0, 0) && $0.root.isEmpty }),
        ("send-buffer-size=4096 receive-buffer-size=8192", { $0.buffers == (4_096, 8_192) }),
        ("chroot=/srv/root", { $0.root == "/srv/root" }),
        ("chroot=/srv/root//", { $0.root == "/srv/root" }),
        ("chroot=/", { $0.root.isEmpty }),
    ]

    @Test func everyOptionHasItsMeaning() throws {
        for (row, (options, isRight)) in Self.meanings.enumerated() {
            #expect(isRight(try Self.settings(options)), "row \(row): \(options)")
        }
    }
}
