/// Rows of text in aligned columns.
struct TextTable {
    private var rows: [[String]] = []

    /// A table with these titles.
    init(_ titles: [String]) { rows = [titles] }

    /// Adds a row.
    mutating func append(_ row: [String]) { rows.append(row) }

    /// The lines, each after `indent`. Columns are two spaces apart, and no line ends in spaces.
    func lines(indent: String) -> [String] {
        let columns = rows.map(\.count).max() ?? 0
        let widths = (0..<columns).map { column in
            rows.map { $0.indices.contains(column) ? $0[column].count : 0 }.max() ?? 0
        }
        return rows.map { row in
            var line = indent
            for (column, cell) in row.enumerated() {
                line += cell
                if column < row.count - 1 { line += String(repeating: " ", count: widths[column] - cell.count + 2) }
            }
            while line.last == " " { line.removeLast() }
            return line
        }
    }
}
