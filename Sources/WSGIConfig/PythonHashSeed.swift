/// What `WSGIPythonHashSeed` says.
public enum PythonHashSeed: Equatable, Sendable {
    /// Nothing was said: as the environment of httpd says, otherwise random.
    case unset
    /// Different in each process.
    case random
    /// The same in all processes; 0 switches randomisation off.
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
