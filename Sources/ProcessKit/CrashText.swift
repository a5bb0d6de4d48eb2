internal import Glibc

/// The output of a worker's faulthandler in a crash: a memory file of fixed size that the worker writes and the
/// supervisor reads. The text ends at the first zero.
public enum CrashText {
    /// Maximum size in bytes. The stack of the thread that has crashed comes first.
    public static let maximumSize = 64 << 10

    /// The memory file for a worker that is about to start.
    public static func create() throws(SystemError) -> Descriptor {
        try MemoryFile.create("wsgi-crash", size: maximumSize)
    }

    /// The text in the file behind `raw`; empty: there is none.
    public static func contents(of raw: Int32) -> String {
        let text = MemoryFile.prefix(of: raw, maximumSize).prefix { $0 != 0 }
        return String(decoding: text, as: UTF8.self)
    }

    /// Empties the file behind `raw`.
    public static func clear(_ raw: Int32) {
        let zeros = [UInt8](repeating: 0, count: maximumSize)
        _ = unsafe zeros.withUnsafeBytes { unsafe pwrite(raw, $0.baseAddress, $0.count, 0) }
        lseek(raw, 0, SEEK_SET)
    }
}
