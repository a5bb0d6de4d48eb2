internal import Glibc
public import ProcessKit

/// The directory of a path: `/usr/bin` of `/usr/bin/python3`.
public func directory(of path: String) -> String {
    guard let slash = path.lastIndex(of: "/"), slash != path.startIndex else { return "/" }
    return String(path[..<slash])
}

/// The contents of a regular file that httpd trusts, of the installation or of the configuration.
///
/// Other files are read through `UserFiles`.
public func contentsOfFile(_ path: String, atMost limit: Int) throws(SystemError) -> [UInt8] {
    // Reading anything but a regular file could block httpd.
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

/// The first line of a small text file of this module's installation.
public func firstLine(of path: String) -> String? {
    guard let contents = try? contentsOfFile(path, atMost: 4 << 10) else { return nil }
    return String(decoding: contents, as: UTF8.self).split(separator: "\n").first.map(String.init)
}
