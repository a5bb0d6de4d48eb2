/// Numbers in the configuration: digits only, without sign, white space or suffix.
enum Number {
    /// The value of decimal digits; `nil` if there are other characters or the value is too large.
    static func decimal(_ word: some StringProtocol) -> Int? {
        guard !word.isEmpty, word.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        return Int(word)
    }

    /// The value of digits with at most one decimal point and an optional unit; at most about 68 years.
    static func fraction(units: [String: Double], _ word: String) -> Double? {
        let digits = word.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
        let unit = String(word[digits.endIndex...])
        guard digits.first != ".", digits.last != ".", let number = Double(digits),
            let factor = unit.isEmpty ? 1 : units[unit], number * factor <= Double(Int32.max)
        else { return nil }
        return number * factor
    }

    /// A suggestion for digits with a unit that other programs use.
    static func advice(units: [String: String], _ word: String) -> String? {
        let digits = word.prefix { $0.isASCII && $0.isNumber }
        guard !digits.isEmpty, let unit = units[word[digits.endIndex...].lowercased()] else { return nil }
        return "Write \(digits)\(unit)."
    }

    /// The value of digits with an optional unit.
    static func with(units: [String: Int], _ word: String, in range: ClosedRange<Int>) -> Int? {
        let digits = word.prefix { $0.isASCII && $0.isNumber }
        let unit = String(word[digits.endIndex...])
        guard let number = decimal(digits), let factor = unit.isEmpty ? 1 : units[unit] else { return nil }
        let (value, isTooLarge) = number.multipliedReportingOverflow(by: factor)
        return !isTooLarge && range.contains(value) ? value : nil
    }
}
