import Glibc
import ProcessKit
import TestFolder
import Testing

struct PulseTests {
    /// The answers to looks at these counts, of which two must find no change in these seconds.
    private func answers(_ beats: [UInt64], for seconds: Int = 0) -> [Bool] {
        var pulse = Pulse()
        return beats.map { pulse.isSilent(beats: $0, looks: 2, for: seconds) }
    }

    @Test func silenceTakesLooksAndTime() {
        #expect(answers([7, 7, 7, 7]) == [false, false, true, true])
        #expect(answers([7, 7, 7, 7], for: 1_000) == [false, false, false, false])
    }

    /// A count may also be smaller than before: that of another process.
    @Test(arguments: [8, 0] as [UInt64]) func beatBeginsAnew(beats: UInt64) {
        #expect(answers([7, 7, 7, beats, beats, beats]) == [false, false, true, false, false, true])
    }
}

/// Its folder belongs to the suites with `FileView`, which run one after the other.
@Suite(.serialized) struct StaleSocketsTests {
    private let folder: Folder

    init() throws { folder = try Folder() }

    /// A number that no process has: the kernel's are smaller.
    private static let dead = Int32.max

    /// Makes a socket, and listens on it for as long as the descriptor is open.
    private func listen(_ name: String) throws -> Int32 {
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        let address = try #require(SocketAddress(path: folder.at(name)))
        #expect(address.bind(descriptor) && Glibc.listen(descriptor, 1) == 0, "\(name)")
        return descriptor
    }

    private func remains(_ name: String) -> Bool { unsafe access(folder.at(name), F_OK) == 0 }

    /// A socket that nobody listens on, and whether it is removed.
    @Test(arguments: [
        ("wsgi.\(dead).0.1.sock", true), ("wsgi.\(dead).12.0.sock", true),
        ("wsgi.\(getpid()).0.1.sock", false), ("wsgi.1.0.1.sock", false),
        ("other.\(dead).0.1.sock", false), ("wsgi.\(dead).0.1", false), ("wsgi.\(dead).0.1.sock.x", false),
        ("wsgi.\(dead).a.1.sock", false), ("wsgi.\(dead).0.-1.sock", false), ("wsgi.-\(dead).0.1.sock", false),
        ("wsgi.0.0.1.sock", false), ("wsgi.x.0.1.sock", false),
    ])
    func socketOfADeadProcessIsRemoved(name: String, isRemoved: Bool) throws {
        close(try listen(name))
        StaleSockets.remove(prefix: folder.at("wsgi"))
        #expect(remains(name) == !isRemoved)
    }

    /// An httpd in another container may have the same directory.
    @Test func socketThatSomebodyListensOnStays() throws {
        let name = "wsgi.\(Self.dead).0.1.sock"
        let address = try #require(SocketAddress(path: folder.at(name)))
        let descriptor = try listen(name)
        StaleSockets.remove(prefix: folder.at("wsgi"))
        #expect(remains(name))
        // Nor is it deserted when its queue is full.
        var clients: [Int32] = []
        repeat {
            clients.append(
                socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue), 0))
        } while clients.count < 10 && address.connect(clients[clients.count - 1])
        #expect(clients.count < 10)
        StaleSockets.remove(prefix: folder.at("wsgi"))
        #expect(remains(name))
        for client in clients { close(client) }
        close(descriptor)
        StaleSockets.remove(prefix: folder.at("wsgi"))
        #expect(!remains(name))
    }

    @Test func whatIsNoSocketStays() throws {
        folder.write("wsgi.\(Self.dead).0.1.sock")
        close(try listen("target"))
        folder.link("wsgi.\(Self.dead).0.2.sock", to: "target")
        StaleSockets.remove(prefix: folder.at("wsgi"))
        #expect(remains("wsgi.\(Self.dead).0.1.sock") && remains("wsgi.\(Self.dead).0.2.sock"))
        StaleSockets.remove(prefix: folder.at("absent/wsgi"))
        StaleSockets.remove(prefix: "wsgi")
    }
}
