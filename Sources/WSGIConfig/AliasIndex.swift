/// Finds the alias that covers a URI without trying all aliases, of which there may be thousands.
///
/// An alias covers a URI that begins with the same segments (`/a/b` covers `/a/b/c`), with any number of slashes
/// between them. The aliases are in a hash table, keyed by their segments, and a URI is looked up once for each of its
/// prefixes. The first alias in the order of the configuration wins. Immutable; requests allocate nothing.
public struct AliasIndex: Sendable {
    private let aliases: [ScriptAlias]
    private var positions: HashIndex
    /// The aliases that are regular expressions, in order: each may cover any URI.
    public let patterns: [Int]

    /// An index of aliases, in the order in which they are tried.
    public init(_ aliases: [ScriptAlias]) {
        self.aliases = aliases
        positions = HashIndex(count: aliases.count)
        patterns = aliases.indices.filter { aliases[$0].isPattern }
        for position in aliases.indices where !aliases[position].isPattern {
            let path = aliases[position].urlPath
            unsafe path.withBytes { bytes in
                var segments = unsafe Segments(bytes)
                while segments.advance() {}
                positions.insert(position, hash: segments.hash.value) { unsafe aliases[$0].urlPath.equals(bytes) }
            }
        }
    }

    /// The index of the first alias without a regular expression that covers `uri`, or `nil`.
    public func first(_ uri: UnsafeRawBufferPointer) -> Int? {
        var best: Int?
        var segments = unsafe Segments(uri)
        repeat {
            let found = positions.first(segments.hash.value) { position in unsafe aliases[position].match(uri) != nil }
            if let found, found < best ?? .max { best = found }
        } while segments.advance()
        return best
    }

    /// Walks over the segments of a path; `hash` is that of the segments so far.
    @safe private struct Segments {
        private let path: UnsafeRawBufferPointer
        private var index = 0
        private(set) var hash = ByteHash()

        init(_ path: UnsafeRawBufferPointer) { unsafe self.path = path }

        /// Advances to the next segment; false at the end.
        mutating func advance() -> Bool {
            let slash = UInt8(ascii: "/")
            while unsafe index < path.count && path[index] == slash { index &+= 1 }
            guard unsafe index < path.count else { return false }
            hash.append(slash)
            while unsafe index < path.count && path[index] != slash {
                unsafe hash.append(path[index])
                index &+= 1
            }
            return true
        }
    }
}
