internal import CModule
internal import CSystem
internal import Glibc
internal import ProcessKit

/// Whether something is there.
func exists(_ path: String) -> Bool { unsafe access(path, F_OK) == 0 }

/// Whether nothing is there: not whether it is out of reach.
func isMissing(_ path: String) -> Bool { unsafe access(path, F_OK) != 0 && (errno == ENOENT || errno == ENOTDIR) }

/// Whether it may be executed.
func isExecutable(_ path: String) -> Bool { unsafe access(path, X_OK) == 0 }

/// Whether it is a directory.
func isDirectory(_ path: String) -> Bool {
    var status = stat()
    return unsafe stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
}

/// Whether it is a symbolic link, wherever that leads.
func isLink(_ path: String) -> Bool {
    var status = stat()
    return unsafe lstat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFLNK
}

/// The directory that a path leads into last: `/usr/bin` of `/usr/bin/python3`.
func directory(of path: String) -> String {
    guard let slash = path.lastIndex(of: "/"), slash != path.startIndex else { return "/" }
    return String(path[..<slash])
}

/// A path without symbolic links; nil when it leads to nothing.
func realPath(_ path: String) -> String? {
    guard let resolved = unsafe realpath(path, nil) else { return nil }
    defer { unsafe free(resolved) }
    return unsafe String(cString: resolved)
}

/// The contents of a small text file; nil when it cannot be read.
func readFile(_ path: String) -> String? {
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var bytes = [UInt8](repeating: 0, count: 64 << 10)
    let count = unsafe read(descriptor, &bytes, bytes.count)
    return count < 0 ? nil : String(decoding: bytes.prefix(count), as: UTF8.self)
}

/// The contents of a regular file, to its end.
func contentsOfFile(_ path: String, atMost limit: Int) throws(SystemError) -> [UInt8] {
    // What is no regular file could keep httpd waiting.
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw SystemError("open", errno) }
    defer { close(descriptor) }
    var status = stat()
    guard unsafe fstat(descriptor, &status) == 0 else { throw SystemError("fstat", errno) }
    guard status.st_mode & S_IFMT == S_IFREG else { throw SystemError("open", EINVAL) }
    guard status.st_size <= limit else { throw SystemError("read", EFBIG) }
    var bytes = [UInt8](repeating: 0, count: limit + 1)
    var count = 0
    while count < bytes.count {
        let got = unsafe bytes.withUnsafeMutableBytes { room in
            unsafe read(descriptor, room.baseAddress.map { unsafe $0 + count }, room.count - count)
        }
        if got < 0 && errno == EINTR { continue }
        guard got >= 0 else { throw SystemError("read", errno) }
        guard got > 0 else { break }
        count += got
    }
    guard count <= limit else { throw SystemError("read", EFBIG) }
    return Array(bytes.prefix(count))
}

/// The first line of a small text file.
func firstLine(of path: String) -> String? {
    readFile(path)?.split(separator: "\n").first.map(String.init)
}

/// The first component of `path` whose directory `user` of `groups` may not enter, with its mode; nil: all may be.
///
/// It goes by the mode bits alone; access lists and capabilities can allow more.
func firstClosedDirectory(on path: String, user: UInt32, groups: [UInt32]) -> (path: String, mode: UInt32)? {
    var prefix = ""
    for part in ["/"] + path.split(separator: "/").dropLast().map(String.init) {
        prefix = part == "/" ? "/" : (prefix == "/" ? "/" + part : prefix + "/" + part)
        var status = stat()
        guard unsafe stat(prefix, &status) == 0 else { return (prefix, 0) }
        let bit: UInt32 = status.st_uid == user ? 0o100 : groups.contains(status.st_gid) ? 0o010 : 0o001
        if status.st_mode & bit == 0 { return (prefix, status.st_mode & 0o7777) }
    }
    return nil
}

/// The directory of this module's own file.
func moduleDirectory() -> String {
    guard let path = unsafe cmodule_file() else { return "" }
    let resolved = unsafe realpath(path, nil)
    defer { unsafe free(resolved) }
    let file = unsafe resolved.map { unsafe String(cString: $0) } ?? String(cString: path)
    return file.lastIndex(of: "/").map { String(file[..<$0]) } ?? ""
}

/// What an errno means.
func systemMessage(_ error: Int32) -> String { SystemError.reason(error) }

/// A second descriptor of the same file, close-on-exec; negative when there is none left.
func duplicateDescriptor(_ descriptor: Int32) -> Int32 { wsgi_duplicate(descriptor, 3) }

/// Closes a descriptor.
func closeDescriptor(_ descriptor: Int32) { close(descriptor) }
