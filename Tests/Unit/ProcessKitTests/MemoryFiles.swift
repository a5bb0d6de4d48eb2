import Glibc
import ProcessKit

/// A memory file with this text.
func memoryFile(_ text: String) throws -> Descriptor {
    let file = try MemoryFile.create("test")
    let bytes = Array(text.utf8)
    guard unsafe bytes.withUnsafeBytes({ unsafe write(file.raw, $0.baseAddress, $0.count) }) == bytes.count else {
        throw SystemError("write", errno)
    }
    return file
}
