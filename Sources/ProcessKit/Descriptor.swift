internal import CSystem
internal import Glibc

/// A file descriptor that is closed with its owner.
public struct Descriptor: ~Copyable, Sendable {
    /// The number, for calls that borrow it.
    public let raw: Int32

    /// Takes over an open descriptor.
    public init(adopting raw: Int32) { self.raw = raw }

    deinit { _ = Glibc.close(raw) }

    /// Releases ownership of the number. The caller closes it.
    public consuming func release() -> Int32 {
        let number = raw
        discard self
        return number
    }

    /// A second descriptor (close-on-exec) of the same file, numbered at least `lowest`.
    public func duplicate(lowest: Int32 = 3) throws(SystemError) -> Descriptor {
        try Self.duplicate(raw, lowest: lowest)
    }

    /// A second descriptor (close-on-exec) of the file behind `raw`, numbered at least `lowest`.
    public static func duplicate(_ raw: Int32, lowest: Int32 = 3) throws(SystemError) -> Descriptor {
        try Descriptor(adopting: check(wsgi_duplicate(raw, lowest), "fcntl"))
    }

    /// Opens a file with `open(2)` and close-on-exec.
    public static func open(_ path: String, flags: Int32) throws(SystemError) -> Descriptor {
        let raw = unsafe path.withCString { unsafe Glibc.open($0, flags | O_CLOEXEC) }
        guard raw >= 0 else { throw SystemError("open", errno) }
        return Descriptor(adopting: raw)
    }

    /// A descriptor of a log for another process (close-on-exec). A regular file or a pipe is opened again, so that the
    /// process cannot change how others write to it. Otherwise, or if opening fails, the result is a duplicate.
    public static func forAppending(_ raw: Int32) throws(SystemError) -> Descriptor {
        let own = wsgi_open_for_appending(raw)
        return own < 0 ? try duplicate(raw) : Descriptor(adopting: own)
    }

    /// `/dev/null`, for reading and writing.
    public static func null() throws(SystemError) -> Descriptor { try open("/dev/null", flags: O_RDWR) }

    /// Makes `target` refer to the file behind `raw`, as `dup2` does.
    public static func replace(_ target: Int32, with raw: Int32) throws(SystemError) {
        guard dup2(raw, target) >= 0 else { throw SystemError("dup2", errno) }
    }

    /// Sets whether calls on the descriptor wait.
    public static func setBlocking(_ raw: Int32, _ blocking: Bool) throws(SystemError) {
        try check(wsgi_set_nonblocking(raw, !blocking), "fcntl")
    }

    /// Sets whether exec closes the descriptor.
    public static func setCloseOnExec(_ raw: Int32, _ closes: Bool) throws(SystemError) {
        try check(wsgi_set_close_on_exec(raw, closes), "fcntl")
    }

    /// Raises the limit of open descriptors of this process to `wanted`, at most to the hard limit.
    ///
    /// - Returns: The former limit.
    public static func raiseLimit(to wanted: UInt64) -> UInt64 { wsgi_raise_open_files(wanted) }

    /// Closes a number that no `Descriptor` owns.
    public static func close(raw: Int32) { _ = Glibc.close(raw) }
}
