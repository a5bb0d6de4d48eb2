internal import Glibc

/// A folder below /tmp that everybody may enter; removed at the end.
///
/// While there is one, no other test has one: `FileView` and `UserFiles` are for one thread, and suites run on several. A
/// suite has its folder as a property, so that it lasts as long as the test.
public final class Folder {
    /// A system call that failed.
    public struct Failure: Error {
        let call: String
        let code: Int32
    }

    /// The folder, without a slash at its end.
    public let path: String
    private let turn: Int32

    /// Waits for its turn, and makes the folder.
    public init() throws {
        // A lock of the C library's would have to be released by the thread that took it.
        turn = unsafe open("/proc/self/exe", O_RDONLY | O_CLOEXEC)
        guard turn >= 0, flock(turn, LOCK_EX) == 0 else { throw Failure(call: "flock", code: errno) }
        var template = Array("/tmp/wsgi-test-XXXXXX".utf8CString)
        guard let made = unsafe mkdtemp(&template) else { throw Failure(call: "mkdtemp", code: errno) }
        path = unsafe String(cString: made)
        unsafe chmod(path, 0o755)
    }

    deinit {
        _ = unsafe system("chmod -R u+rwX '\(path)'; rm -rf '\(path)'")
        // A child process may still have the descriptor.
        flock(turn, LOCK_UN)
        close(turn)
    }

    /// The path of a name in the folder.
    public func at(_ name: String) -> String { path + "/" + name }

    /// Writes a file, with the directories above it, and returns its path.
    @discardableResult
    public func write(_ name: String, _ text: String = "", mode: UInt32 = 0o644) -> String {
        if let slash = name.lastIndex(of: "/") { makeDirectories(String(name[..<slash])) }
        let descriptor = unsafe open(at(name), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        _ = unsafe Glibc.write(descriptor, text, text.utf8.count)
        fchmod(descriptor, mode)
        close(descriptor)
        return at(name)
    }

    /// Makes a directory, with those above it, and returns its path.
    @discardableResult
    public func makeDirectory(_ name: String, mode: UInt32 = 0o755) -> String {
        makeDirectories(name)
        unsafe chmod(at(name), mode)
        return at(name)
    }

    /// Makes a symbolic link, with the directories above it, and returns its path.
    @discardableResult
    public func link(_ name: String, to target: String) -> String {
        if let slash = name.lastIndex(of: "/") { makeDirectories(String(name[..<slash])) }
        unsafe symlink(target, at(name))
        return at(name)
    }

    /// Changes the mode.
    public func setMode(_ name: String, _ mode: UInt32) { unsafe chmod(at(name), mode) }

    /// Changes the owner; for root.
    public func setOwner(_ name: String, user: UInt32, group: UInt32) { unsafe chown(at(name), user, group) }

    /// Makes the directories that are missing.
    private func makeDirectories(_ name: String) {
        var path = self.path
        for part in name.split(separator: "/") {
            path += "/" + part
            if unsafe mkdir(path, 0o755) == 0 { unsafe chmod(path, 0o755) }
        }
    }
}
