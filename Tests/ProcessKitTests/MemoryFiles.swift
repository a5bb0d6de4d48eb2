import ProcessKit

/// A memory file with this text.
func memoryFile(_ text: String) throws -> Descriptor {
    let file = try MemoryFile.create("test")
    LogLine.copy(Array(text.utf8), to: file.raw)
    return file
}
