/// The value of `WSGIPythonHashSeed`.
public enum PythonHashSeed: Equatable, Sendable {
    /// Not set: the value in httpd's environment, otherwise random.
    case unset
    /// Different in each process.
    case random
    /// The same in all processes; 0 disables randomisation.
    case fixed(UInt32)
}

extension ValueKind where Value == PythonHashSeed {
    /// `random` or a number.
    static var hashSeed: Self {
        Self(
            usage: "random|number", syntax: "random, or a whole number from 0 to 4294967295",
            parse: { word in
                if word == "random" { return .random }
                return Number.decimal(word).flatMap { UInt32(exactly: $0) }.map { .fixed($0) }
            },
            print: { seed in
                switch seed {
                case .unset: ""
                case .random: "random"
                case .fixed(let number): String(number)
                }
            })
    }
}
