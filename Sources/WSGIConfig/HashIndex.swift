/// An incremental hash of bytes: FNV-1a of 64 bits.
struct ByteHash {
    private(set) var value: UInt64 = 0xCBF2_9CE4_8422_2325

    mutating func append(_ byte: UInt8) { value = (value ^ UInt64(byte)) &* 0x100_0000_01B3 }

    /// The hash of a text.
    static func value(of bytes: UnsafeRawBufferPointer) -> UInt64 {
        var hash = ByteHash()
        for index in bytes.indices { unsafe hash.append(bytes[index]) }
        return hash.value
    }
}

/// Finds indices of a list by hash: open addressing, in a table that is at most half full.
///
/// Lookups do not allocate.
struct HashIndex: Sendable {
    private struct Slot {
        var hash: UInt64 = 0
        /// -1: the entry is empty.
        var position: Int32 = -1
    }

    private var slots: ContiguousArray<Slot>
    private var mask: Int { slots.count &- 1 }

    /// An empty index with room for `count` indices.
    init(count: Int) {
        var size = 2
        while size < 2 * count { size *= 2 }
        slots = ContiguousArray(repeating: Slot(), count: size)
    }

    /// Adds an index unless `isSame` is true for an earlier one. At most `count` may be added.
    mutating func insert(_ position: Int, hash: UInt64, unless isSame: (Int) -> Bool) {
        guard first(hash, where: isSame) == nil else { return }
        var index = Int(truncatingIfNeeded: hash) & mask
        while slots[index].position >= 0 { index = (index &+ 1) & mask }
        slots[index] = Slot(hash: hash, position: Int32(clamping: position))
    }

    /// The first index with this hash that matches.
    func first(_ hash: UInt64, where isRight: (Int) -> Bool) -> Int? {
        var index = Int(truncatingIfNeeded: hash) & mask
        while slots[index].position >= 0 {
            let position = Int(slots[index].position)
            if slots[index].hash == hash, isRight(position) { return position }
            index = (index &+ 1) & mask
        }
        return nil
    }
}
