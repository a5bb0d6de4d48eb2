internal import CSystem
internal import Glibc

/// Anonymous files in memory (memfd), for data too long for a packet or that outlives the process that writes it.
public enum MemoryFile {
    /// Maximum size that `contents` reads. No spec is larger.
    public static let maximumSize = 64 << 20

    /// An empty memory file; `name` is shown in `/proc`.
    public static func create(_ name: String) throws(SystemError) -> Descriptor {
        Descriptor(adopting: try check(unsafe name.withCString { unsafe wsgi_memory_file($0) }, "memfd_create"))
    }

    /// A memory file of this size, full of zeros, that can neither grow nor shrink.
    public static func create(_ name: String, size: Int) throws(SystemError) -> Descriptor {
        let raw = unsafe name.withCString { unsafe wsgi_fixed_memory_file($0, Int64(clamping: size)) }
        return Descriptor(adopting: try check(raw, "memfd_create"))
    }

    /// Maps a memory file for reading and writing. The caller unmaps it. A shorter file is rejected, because access
    /// beyond its end would kill the process.
    public static func map(_ raw: Int32, size: Int) throws(SystemError) -> UnsafeMutableRawPointer {
        var status = stat()
        guard unsafe fstat(raw, &status) == 0, Int(status.st_size) >= size else { throw SystemError("fstat", EINVAL) }
        let mapped = unsafe mmap(nil, size, PROT_READ | PROT_WRITE, MAP_SHARED, raw, 0)
        guard let mapped = unsafe mapped, unsafe mapped != MAP_FAILED else { throw SystemError("mmap", errno) }
        return unsafe mapped
    }

    /// Maps a memory file for reading. The mapping cannot be made writable.
    public static func mapForReading(_ raw: Int32, size: Int) throws(SystemError) -> UnsafeMutableRawPointer {
        // What a mapping may become depends on how its file was opened.
        let again = unsafe open("/proc/self/fd/\(raw)", O_RDONLY | O_CLOEXEC)
        let file = Descriptor(adopting: try check(again < 0 ? -errno : again, "open"))
        let mapped = unsafe mmap(nil, size, PROT_READ, MAP_SHARED, file.raw, 0)
        guard let mapped = unsafe mapped, unsafe mapped != MAP_FAILED else { throw SystemError("mmap", errno) }
        return unsafe mapped
    }

    /// A memory file with these contents.
    public static func create(_ name: String, contents: UnsafeRawBufferPointer) throws(SystemError) -> Descriptor {
        let file = try create(name)
        var written = 0
        while written < contents.count {
            let count = unsafe pwrite(
                file.raw, contents.baseAddress.map { unsafe $0 + written }, contents.count - written, off_t(written))
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { throw SystemError("pwrite", errno) }
            written += count
        }
        return file
    }

    /// The contents of the file behind `raw`, regardless of its position.
    public static func contents(of raw: Int32) throws(SystemError) -> [UInt8] {
        var status = stat()
        guard unsafe fstat(raw, &status) == 0 else { throw SystemError("fstat", errno) }
        guard status.st_size <= maximumSize else { throw SystemError("fstat", EFBIG) }
        return try read(raw, Int(status.st_size))
    }

    /// At most `most` bytes from the beginning of the file behind `raw`, regardless of its size and position.
    public static func prefix(of raw: Int32, _ most: Int) -> [UInt8] { (try? read(raw, most)) ?? [] }

    private static func read(_ raw: Int32, _ most: Int) throws(SystemError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: most)
        var count = 0
        while count < most {
            let got = unsafe bytes.withUnsafeMutableBytes { room in
                unsafe pread(raw, room.baseAddress.map { unsafe $0 + count }, room.count - count, off_t(count))
            }
            if got < 0 && errno == EINTR { continue }
            guard got >= 0 else { throw SystemError("pread", errno) }
            guard got > 0 else { break }
            count += got
        }
        bytes.removeLast(most - count)
        return bytes
    }
}
