/// Finds the alias that covers a URI without trying all of them: there may be thousands.
///
/// An alias covers a URI that begins with the same segments (`/a/b` covers `/a/b/c`), however many slashes are between
/// them. So the aliases are in a hash table by their segments, and a URI is looked up once for each of its beginnings. The
/// first alias in the order of the configuration wins. Immutable; nothing is allocated for a request.
public struct AliasIndex: Sendable {
    private let aliases: [ScriptAlias]
    /// The first alias of each chain, in the order of the configuration; -1: there is none.
    private var heads: [Int32]
    /// The next alias of the chain; -1: there is none.
    private var next: [Int32]
    private var hashes: [UInt64]
    /// The aliases that are regular expressions, in order: each may cover any URI.
    public let patterns: [Int]

    private static let seed: UInt64 = 0xCBF2_9CE4_8422_2325

    /// An index of aliases in the order in which they are to be tried.
    public init(_ aliases: [ScriptAlias]) {
        self.aliases = aliases
        var size = 16
        while size < 2 * aliases.count { size *= 2 }
        heads = [Int32](repeating: -1, count: size)
        next = [Int32](repeating: -1, count: aliases.count)
        hashes = [UInt64](repeating: 0, count: aliases.count)
        patterns = aliases.indices.filter { aliases[$0].isPattern }
        // From the last one on, so that chains are in order.
        for place in aliases.indices.reversed() where !aliases[place].isPattern {
            let hash = unsafe aliases[place].urlPath.withBytes { path in
                var segments = unsafe Segments(path)
                while segments.advance() {}
                return segments.hash
            }
            hashes[place] = hash
            let bucket = Int(truncatingIfNeeded: hash) & (size - 1)
            next[place] = heads[bucket]
            heads[bucket] = Int32(truncatingIfNeeded: place)
        }
    }

    /// The place of the first alias that is no pattern and covers `uri`; `nil`: none does.
    public func first(_ uri: UnsafeRawBufferPointer) -> Int? {
        var best = aliases.count
        var segments = unsafe Segments(uri)
        repeat {
            var place = Int(heads[Int(truncatingIfNeeded: segments.hash) & (heads.count &- 1)])
            while place >= 0, place < best {
                if hashes[place] == segments.hash, unsafe aliases[place].match(uri) != nil { best = place }
                place = Int(next[place])
            }
        } while segments.advance()
        return best < aliases.count ? best : nil
    }

    /// Walks over the segments of a path; `hash` is that of the segments so far (FNV-1a).
    @safe private struct Segments {
        private let path: UnsafeRawBufferPointer
        private var index = 0
        private(set) var hash = AliasIndex.seed

        init(_ path: UnsafeRawBufferPointer) { unsafe self.path = path }

        /// Takes the next segment; false: there is none.
        mutating func advance() -> Bool {
            let slash = UInt8(ascii: "/")
            while unsafe index < path.count && path[index] == slash { index &+= 1 }
            guard unsafe index < path.count else { return false }
            hash = (hash ^ UInt64(slash)) &* 0x100_0000_01B3
            while unsafe index < path.count && path[index] != slash {
                hash = unsafe (hash ^ UInt64(path[index])) &* 0x100_0000_01B3
                index &+= 1
            }
            return true
        }
    }
}
