/// Whether `word` is the name of an object in a script, or of a factory: a name with `()`.
func isCallableName(_ word: String) -> Bool { isIdentifier(word.hasSuffix("()") ? String(word.dropLast(2)) : word) }

/// Whether Python accepts `word` as a name. Characters other than ASCII are left to Python.
func isIdentifier(_ word: String) -> Bool {
    guard let first = word.utf8.first, !(0x30...0x39).contains(first) else { return false }
    return word.utf8.allSatisfy { byte in
        byte == UInt8(ascii: "_") || byte >= 0x80 || (0x30...0x39).contains(byte)
            || (0x41...0x5A).contains(byte & 0xDF) && byte < 0x7B
    }
}
