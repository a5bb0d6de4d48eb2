internal import Glibc

/// Whether something is there.
func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

/// Whether it may be executed.
func isExecutable(_ path: String) -> Bool { access(path, X_OK) == 0 }

/// Whether it is a directory.
func isDirectory(_ path: String) -> Bool {
    var status = stat()
    return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
}

/// Whether it is a symbolic link, wherever that leads.
func isLink(_ path: String) -> Bool {
    var status = stat()
    return lstat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFLNK
}

/// The contents of a small text file; nil when it cannot be read.
func readFile(_ path: String) -> String? {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var bytes = [UInt8](repeating: 0, count: 64 << 10)
    let count = read(descriptor, &bytes, bytes.count)
    return count < 0 ? nil : String(decoding: bytes.prefix(count), as: UTF8.self)
}

/// The first line of a small text file.
func firstLine(of path: String) -> String? {
    readFile(path)?.split(separator: "\n").first.map(String.init)
}

/// The first component of `path` whose directory `user` of `group` may not enter, with its mode; nil: all may be.
///
/// It goes by the mode bits alone; access lists and capabilities can allow more.
func firstClosedDirectory(on path: String, user: UInt32, group: UInt32) -> (path: String, mode: UInt32)? {
    var prefix = ""
    for part in ["/"] + path.split(separator: "/").dropLast().map(String.init) {
        prefix = part == "/" ? "/" : (prefix == "/" ? "/" + part : prefix + "/" + part)
        var status = stat()
        guard stat(prefix, &status) == 0 else { return (prefix, 0) }
        let bit: UInt32 = status.st_uid == user ? 0o100 : status.st_gid == group ? 0o010 : 0o001
        if status.st_mode & bit == 0 { return (prefix, status.st_mode & 0o7777) }
    }
    return nil
}
