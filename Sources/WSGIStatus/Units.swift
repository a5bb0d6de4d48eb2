/// Numbers as people read them. No line break separates a number from its unit.
enum Units {
    /// A duration: `0.25 s`, `12 s`, `5 min`, `3 h 20 min`, `4 d 2 h`.
    static func duration(_ microseconds: Int64) -> String {
        let milliseconds = max(microseconds, 0) / 1_000
        let seconds = milliseconds / 1_000
        switch seconds {
        case ..<10:
            let hundredths = milliseconds % 1_000 / 10
            return "\(seconds).\(hundredths < 10 ? "0" : "")\(hundredths)\u{A0}s"
        case ..<120: return "\(seconds)\u{A0}s"
        case ..<7_200: return "\(seconds / 60)\u{A0}min"
        case ..<172_800: return pair(seconds / 3_600, "h", seconds % 3_600 / 60, "min")
        default: return pair(seconds / 86_400, "d", seconds % 86_400 / 3_600, "h")
        }
    }

    private static func pair(_ one: Int64, _ unit: String, _ other: Int64, _ smaller: String) -> String {
        other == 0 ? "\(one)\u{A0}\(unit)" : "\(one)\u{A0}\(unit) \(other)\u{A0}\(smaller)"
    }

    /// A size in bytes: `812 KiB`, `23.4 MiB`.
    static func size(_ bytes: Int64) -> String {
        let kibibytes = max(bytes, 0) / 1_024
        guard kibibytes >= 1_024 else { return "\(kibibytes)\u{A0}KiB" }
        let tenths = kibibytes * 10 / 1_024
        guard tenths >= 10_240 else { return "\(tenths / 10).\(tenths % 10)\u{A0}MiB" }
        return "\(tenths / 10_240).\(tenths % 10_240 * 10 / 10_240)\u{A0}GiB"
    }

    /// A time as `2026-11-28 16:04:05`, in UTC.
    static func time(_ microseconds: Int64) -> String {
        guard microseconds > 0 else { return "unknown" }
        let seconds = microseconds / 1_000_000
        let (year, month, day) = date(seconds / 86_400)
        let rest = seconds % 86_400
        return "\(year)-\(two(month))-\(two(day)) \(two(rest / 3_600)):\(two(rest % 3_600 / 60)):\(two(rest % 60))"
    }

    private static func two(_ number: Int64) -> String { number < 10 ? "0\(number)" : "\(number)" }

    /// The date of a day since 1970-01-01: years begin in March, so that the leap day is the last day of one.
    private static func date(_ day: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let shifted = day + 719_468
        let era = shifted / 146_097
        let dayOfEra = shifted % 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let month = (5 * dayOfYear + 2) / 153
        let year = yearOfEra + era * 400
        return (
            month < 10 ? year : year + 1, month < 10 ? month + 3 : month - 9, dayOfYear - (153 * month + 2) / 5 + 1
        )
    }
}

extension Histogram {
    /// The mean, in microseconds; `nil`: there is no value.
    var mean: Int64? { count > 0 ? Int64(clamping: sum / count) : nil }

    /// The upper bound of the bucket that contains this part of the values, in microseconds; `nil`: there is no value, or
    /// no bound.
    func quantile(_ percent: UInt64) -> Int64? {
        guard count > 0 else { return nil }
        var seen: UInt64 = 0
        for (bound, values) in zip(RequestCounts.bounds, counts) {
            seen = seen &+ values
            if seen.multipliedReportingOverflow(by: 100).partialValue >= count &* percent {
                return Int64(clamping: bound)
            }
        }
        return nil
    }
}
