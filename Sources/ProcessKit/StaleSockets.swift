internal import Glibc

/// Socket files left behind by an httpd that was killed together with its supervisor.
public enum StaleSockets {
    /// Removes those that begin with `prefix`, belong to a process that no longer exists and have no listener.
    ///
    /// Called by the httpd parent when it starts. Files that cannot be removed are ignored.
    public static func remove(prefix: String) {
        guard let slash = prefix.lastIndex(of: "/") else { return }
        let folder = String(prefix[...slash])
        let base = prefix[prefix.index(after: slash)...] + "."
        guard let directory = unsafe opendir(folder) else { return }
        defer { unsafe _ = closedir(directory) }
        while let entry = unsafe readdir(directory) {
            let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { start in
                unsafe start.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
            }
            guard name.hasPrefix(base), let pid = process(of: name.dropFirst(base.count)) else { continue }
            if kill(pid, 0) != 0, errno == ESRCH, isDeserted(folder + name) { unsafe _ = unlink(folder + name) }
        }
    }

    /// The pid in the rest of a name after its prefix: `PID.GROUP.PLACE.sock`.
    private static func process(of name: Substring) -> Int32? {
        let parts = name.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 4, parts[3] == "sock", UInt32(parts[1]) != nil, UInt32(parts[2]) != nil,
            let pid = Int32(parts[0]), pid > 0
        else { return nil }
        return pid
    }

    /// Whether it is a socket that refuses connections. An httpd in another container may use the same directory.
    private static func isDeserted(_ path: String) -> Bool {
        var status = stat()
        guard unsafe lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFSOCK,
            let address = SocketAddress(path: path)
        else { return false }
        let type = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue)
        let descriptor = socket(AF_UNIX, type, 0)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        return !address.connect(descriptor) && errno == ECONNREFUSED
    }
}
