internal import CHTTPD
internal import CSystem
internal import Glibc
internal import ProcessKit
internal import WSGICore
internal import WSGIDeployment

/// The parent's listening sockets, one for each worker slot, and the indices of groups and slots in the scoreboard.
///
/// It outlives restarts. A slot keeps its socket, so that the next worker serves the requests in its queue if the
/// present worker ends. Used only by the httpd parent, on its one thread.
enum SlotRegistry {
    /// The properties of a group's sockets.
    struct Sockets {
        /// The prefix of their paths.
        let prefix: String
        /// The maximum number of waiting connections.
        let backlog: Int
        /// The owner of the socket files. `nil`: httpd's user.
        let owner: (user: UInt32, group: UInt32)?
        /// SO_SNDBUF and SO_RCVBUF. 0: the system's default.
        let buffers: (send: Int, receive: Int)
        /// The rights of the processes that accept connections on them.
        let rights: ProcessRights
    }

    /// One slot.
    struct ListeningSlot {
        let index: UInt32
        let path: String
        let listener: Int32
    }

    private struct Group {
        let index: UInt32
        /// Distinguishes the group from a former one at the same index.
        let serial: UInt64
        var slots: [ListeningSlot] = []
        /// The rights of the processes for which the sockets were made. `nil` if there are no usable sockets.
        var rights: ProcessRights?
        /// The secret that httpd's children send first on each connection.
        var secret = ConnectionSecret()
        /// Whether the present configuration defines the group.
        var isUsed = true
        var wanted = 0
    }

    @safe nonisolated(unsafe) private static var known: [String: Group] = [:]
    @safe nonisolated(unsafe) private static var freeSlots: [UInt32] = []
    @safe nonisolated(unsafe) private static var nextSlot: UInt32 = 0
    @safe nonisolated(unsafe) private static var freeGroups: [UInt32] = []
    @safe nonisolated(unsafe) private static var nextGroup: UInt32 = 0

    /// Sockets of former slots that are still open, because no process could be started to close them.
    @safe nonisolated(unsafe) private static var unclosed: [Int32] = []

    /// Prefixes for which sockets left behind by a killed httpd have been removed.
    @safe nonisolated(unsafe) private static var swept: Set<String> = []

    /// The index of a group in the scoreboard, and its serial number. Marks the group as used.
    static func group(_ name: String) -> (index: UInt32, serial: UInt64) {
        if let group = known[name] {
            known[name]?.isUsed = true
            return (group.index, group.serial)
        }
        let index = freeGroups.popLast() ?? take(&nextGroup)
        let serial = GroupSecrets.begin(at: index)
        known[name] = Group(index: index, serial: serial)
        DaemonGroups.scoreboard?.setState(of: index, .starting)
        return (index, serial)
    }

    /// The slots of a group, with their sockets listening.
    ///
    /// If the socket of a slot cannot be created as configured, the slot keeps its present socket if that can be
    /// reached. A slot without a socket is left out if there are others. `report` receives the reason.
    ///
    /// Sockets and secrets known to processes with other rights are never used again, so that a process that one of
    /// them leaves behind receives no requests.
    static func slots(
        of name: String, count: Int, _ sockets: Sockets, report: (ResolutionError) -> Void
    ) throws(ResolutionError) -> [ListeningSlot] {
        guard var group = known[name] else { return [] }
        defer { known[name] = group }
        if swept.insert(sockets.prefix).inserted { StaleSockets.remove(prefix: sockets.prefix) }
        group.wanted = count
        let isNew = group.rights != sockets.rights
        if isNew {
            group.rights = nil
            retire(group.slots)
            group.secret = .random()
            GroupSecrets.set(group.secret, of: group.index)
        }
        for position in 0..<count {
            let path = "\(sockets.prefix).\(getpid()).\(group.index).\(position).sock"
            let former = position < group.slots.count ? group.slots[position] : nil
            if let former, !isNew, former.path == path, isSocket(path) {
                if !isOwned(path, by: sockets.owner) { report(failed("chown", path, "WSGIDaemonProcess '\(name)'")) }
                listen(former.listener, Int32(clamping: sockets.backlog))
                StreamSocket.setBuffers(former.listener, send: sockets.buffers.send, receive: sockets.buffers.receive)
                continue
            }
            do throws(ResolutionError) {
                let listener = try self.listener(at: path, sockets, name)
                guard let former else {
                    group.slots.append(
                        ListeningSlot(index: freeSlots.popLast() ?? take(&nextSlot), path: path, listener: listener))
                    continue
                }
                // At the same path, the file now belongs to the new socket.
                if former.path == path { closeAside([former.listener]) } else { close([former]) }
                group.slots[position] = ListeningSlot(index: former.index, path: path, listener: listener)
            } catch {
                guard former.map({ !isNew && isSocket($0.path) }) ?? (position > 0) else { throw error }
                report(error)
                if former == nil { break }
            }
        }
        group.rights = sockets.rights
        return Array(group.slots.prefix(count))
    }

    /// The secret that httpd's children send first to the processes of a group.
    static func secret(of name: String) -> ConnectionSecret { known[name]?.secret ?? ConnectionSecret() }

    /// The present slots of a group, which it keeps.
    static func kept(of name: String) -> [ListeningSlot] {
        guard var group = known[name] else { return [] }
        group.wanted = group.slots.count
        known[name] = group
        return group.slots
    }

    /// Closes the sockets of groups and slots that the configuration no longer defines. Called once per configuration.
    static func closeUnused() {
        var unused: [ListeningSlot] = []
        defer { close(unused) }
        for (name, group) in known {
            let wanted = group.isUsed ? group.wanted : 0
            for slot in group.slots.dropFirst(wanted) {
                unused.append(slot)
                freeSlots.append(slot.index)
            }
            if group.isUsed {
                known[name]?.slots = Array(group.slots.prefix(wanted))
                known[name]?.isUsed = false
            } else {
                known[name] = nil
                DaemonGroups.scoreboard?.setState(of: group.index, .stopped)
                freeGroups.append(group.index)
            }
        }
    }

    /// Closes and unlinks all sockets, when httpd ends.
    static func closeAll() {
        close(known.values.flatMap(\.slots))
        known = [:]
    }

    private static func take(_ counter: inout UInt32) -> UInt32 {
        defer { counter += 1 }
        return counter
    }

    /// Shuts down listening sockets in all processes that have them. httpd's children send the waiting requests again.
    private static func retire(_ slots: [ListeningSlot]) {
        for slot in slots {
            unsafe unlink(slot.path)
            StreamSocket.shutDown(slot.listener)
        }
        if !slots.isEmpty { StreamSocket.turnAway(slots.map(\.listener)) }
    }

    private static func close(_ slots: [ListeningSlot]) {
        for slot in slots { unsafe unlink(slot.path) }
        closeAside(slots.map(\.listener))
    }

    /// Closes these sockets, and those that could not be closed before.
    private static func closeAside(_ listeners: [Int32]) {
        unclosed += listeners
        if !unclosed.isEmpty { unclosed = StreamSocket.closeAside(unclosed) }
    }

    private static func listener(
        at path: String, _ sockets: Sockets, _ group: String
    ) throws(ResolutionError) -> Int32 {
        let name = "WSGIDaemonProcess '\(group)'"
        let owner = sockets.owner
        guard let address = SocketAddress(path: path) else {
            throw ResolutionError(
                .socketUnusable,
                "\(name): the socket path '\(path)' is longer than the \(SocketAddress.longestPath) bytes that the "
                    + "system allows; choose a shorter WSGISocketPrefix.")
        }
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw failed("socket", path, name) }
        let mask = umask(0o177)
        defer { umask(mask) }
        var isBound = address.bind(descriptor)
        if !isBound, errno == EADDRINUSE {
            // Left behind by a killed httpd with the same pid.
            unsafe unlink(path)
            isBound = address.bind(descriptor)
        }
        guard isBound, isOwned(path, by: owner), listen(descriptor, Int32(clamping: sockets.backlog)) == 0 else {
            let error = failed("bind", path, name)
            if isBound { unsafe unlink(path) }
            Glibc.close(descriptor)
            throw error
        }
        let files = owner.map { UserFiles(user: $0.user, group: $0.group, groups: Accounts.groups(of: $0)) }
        if let owner, let closed = files?.closedDirectory(on: path) {
            unsafe unlink(path)
            Glibc.close(descriptor)
            throw ResolutionError(
                .connectFailed,
                "\(name): the owner of its sockets (uid \(owner.user)) may not enter '\(closed.path)' "
                    + "(mode \(String(closed.mode, radix: 8))), where the socket '\(path)' is. "
                    + "Set WSGISocketPrefix to a place that it may enter, such as /run/apache2/wsgi.")
        }
        StreamSocket.setBuffers(descriptor, send: sockets.buffers.send, receive: sockets.buffers.receive)
        return descriptor
    }

    /// Whether an existing socket belongs to `owner`, or has now been given to it.
    private static func isOwned(_ path: String, by owner: (user: UInt32, group: UInt32)?) -> Bool {
        guard let owner else { return true }
        let result = unsafe wsgi_give_socket(path, owner.user, owner.group)
        if result < 0 { errno = -result }
        return result == 0
    }

    /// Whether the file is a socket, and not a link or another file that replaced it.
    private static func isSocket(_ path: String) -> Bool {
        var status = stat()
        return unsafe lstat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFSOCK
    }

    private static func failed(_ call: String, _ path: String, _ name: String) -> ResolutionError {
        ResolutionError(
            .socketUnusable,
            "\(name): the socket '\(path)' cannot be created (\(call): \(SystemError.reason(errno))). Its directory must "
                + "exist and be writable for the user that starts httpd; WSGISocketPrefix sets another one.")
    }
}
