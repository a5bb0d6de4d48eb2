/// Suggests corrections of misspelt names.
enum NearestName {
    /// The name that differs least from `word`, if it is close enough to be a suggestion.
    ///
    /// A letter that is omitted, added, replaced or swapped with its neighbour counts as one. A third of the word may
    /// differ, but at most 3 letters. Case is ignored.
    static func nearest(to word: String, among names: some Sequence<String>) -> String? {
        let wanted = Array(word.lowercased().utf8)
        guard !wanted.isEmpty, wanted.count <= 64 else { return nil }
        let limit = min(3, max(1, wanted.count / 3))
        var best: (name: String, distance: Int)?
        for name in names {
            let found = distance(wanted, Array(name.lowercased().utf8))
            if found <= limit, found < best?.distance ?? Int.max { best = (name, found) }
        }
        return best?.name
    }

    /// The number of edits (insert, delete, replace, swap neighbours) that turn one into the other.
    static func distance(_ one: [UInt8], _ other: [UInt8]) -> Int {
        var beforeLast: [Int] = []
        var last = Array(0...other.count)
        for i in one.indices {
            var row = [i + 1]
            for j in other.indices {
                var cost = min(last[j + 1] + 1, row[j] + 1, last[j] + (one[i] == other[j] ? 0 : 1))
                if i > 0, j > 0, one[i] == other[j - 1], one[i - 1] == other[j] {
                    cost = min(cost, beforeLast[j - 1] + 1)
                }
                row.append(cost)
            }
            (beforeLast, last) = (last, row)
        }
        return last[other.count]
    }
}
