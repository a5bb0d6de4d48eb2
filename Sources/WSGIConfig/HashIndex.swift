/// A hash of bytes that come one after the other: FNV-1a of 64 bits.
struct ByteHash {
    private(set) var value: UInt64 = 0xCBF2_9CE4_8422_2325

    mutating func append(_ byte: UInt8) { value = (value ^ UInt64(byte)) &* 0x100_0000_01B3 }

    /// The hash of all bytes of a text.
    static func value(of bytes: UnsafeRawBufferPointer) -> UInt64 {
        var hash = ByteHash()
        for index in bytes.indices { unsafe hash.append(bytes[index]) }
        return hash.value
    }
}

/// Places in a list, found by a hash: open addressing, in a table that is at most half full.
///
/// A search allocates nothing.
struct HashIndex: Sendable {
    private struct Slot {
        var hash: UInt64 = 0
        /// -1: there is none.
        var place: Int32 = -1
    }

    private var slots: ContiguousArray<Slot>
    private var mask: Int { slots.count &- 1 }

    /// An index with room for `count` places.
    init(count: Int) {
        var size = 2
        while size < 2 * count { size *= 2 }
        slots = ContiguousArray(repeating: Slot(), count: size)
    }

    /// Adds a place unless `isSame` says of an earlier one that it means the same. No more than `count` may be added.
    mutating func insert(_ place: Int, hash: UInt64, unless isSame: (Int) -> Bool) {
        guard first(hash, where: isSame) == nil else { return }
        var index = Int(truncatingIfNeeded: hash) & mask
        while slots[index].place >= 0 { index = (index &+ 1) & mask }
        slots[index] = Slot(hash: hash, place: Int32(clamping: place))
    }

    /// The first place with this hash that is the right one.
    func first(_ hash: UInt64, where isRight: (Int) -> Bool) -> Int? {
        var index = Int(truncatingIfNeeded: hash) & mask
        while slots[index].place >= 0 {
            let place = Int(slots[index].place)
            if slots[index].hash == hash, isRight(place) { return place }
            index = (index &+ 1) & mask
        }
        return nil
    }
}
