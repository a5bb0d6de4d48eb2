internal import CEngineABI
internal import ProcessKit
internal import Synchronization
internal import WSGICore

/// Access control of the worker: accepts connections from processes of httpd's user, of root and of its own user, and
/// only if they know the secret of the process group, as httpd's children do. Any thread.
final class Admission: Sendable {
    private let spec: WorkerSpec
    private let foreign = RecordLimit()
    private let forged = RecordLimit()

    init(_ spec: WorkerSpec) { self.spec = spec }

    /// Whether the user at the other end may connect. If not, this is logged.
    func mayConnect(_ socket: Int32) -> Bool {
        let peer = StreamSocket.peer(socket)
        if peer.user == spec.peerUserID || peer.user == 0 || peer.user == CurrentProcess.user { return true }
        foreign.write(
            .foreignConnection,
            "\(Self.who(peer)) has connected and was turned away: only httpd's user, root and the group's own user may. Find "
                + "out which program uses the socket, and check the mode of its directory (WSGISocketPrefix).")
        return false
    }

    /// Reads the introduction from a new connection. Does not wait: a child sends it in one piece.
    ///
    /// False: the connection is unusable. It is from another program, or was made for another process, the previous or
    /// next one of this slot. This process has no thread for it, because none was claimed.
    func introduce(_ socket: Int32) -> Bool {
        unsafe withUnsafeTemporaryAllocation(byteCount: Introduction.size, alignment: 8) { room in
            let got = unsafe StreamSocket.receive(socket, room, wait: false)
            guard got > 0 else { return false }
            let introduction = unsafe Introduction(UnsafeRawBufferPointer(rebasing: room[..<got]))
            guard let introduction, spec.secret.matches(introduction.secret) else {
                report(socket, "without the secret of this process group")
                return false
            }
            return introduction.generation == spec.generation
        }
    }

    /// Logs that a connection was closed because it sent nothing while many others connected.
    func reportSilence(of socket: Int32) { report(socket, "and sent nothing while many others connected") }

    private func report(_ socket: Int32, _ how: String) {
        forged.write(
            .forgedConnection,
            "\(Self.who(StreamSocket.peer(socket))) has connected \(how), and was turned away: requests are accepted from "
                + "httpd's children only. Find out which program uses the socket.")
    }

    private static func who(_ peer: StreamSocket.Peer) -> String {
        "A process of user id \(peer.user.map(String.init) ?? "unknown") (pid \(peer.process))"
    }
}

/// Writes records of one kind, at most one per second, and counts the others. Any thread.
private final class RecordLimit: Sendable {
    private let next = Atomic<Int64>(0)
    private let missed = Atomic<Int>(0)

    func write(_ id: LogID, _ text: String) {
        let now = Clock.milliseconds()
        let due = next.load(ordering: .relaxed)
        guard now >= due, next.compareExchange(expected: due, desired: now + 1_000, ordering: .relaxed).exchanged else {
            missed.add(1, ordering: .relaxed)
            return
        }
        let others = missed.exchange(0, ordering: .relaxed)
        WorkerLog.write(
            WSGI_LOG_ERR, id,
            others == 0 ? text : text + " \(others) others were turned away since the last such message.")
    }
}
