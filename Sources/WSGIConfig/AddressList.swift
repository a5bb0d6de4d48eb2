/// Addresses and networks, as `WSGITrustedProxies` names them.
public struct AddressList: Equatable, Sendable, CustomStringConvertible {
    /// All addresses that agree in the bits of a mask. A single address is a network of one.
    private struct Network: Equatable {
        let base: IPAddress
        let mask: IPAddress

        func contains(_ address: IPAddress) -> Bool {
            address.isIPv4 == base.isIPv4 && address.masked(by: mask) == base
        }
    }

    private var networks: [Network] = []
    /// The words that the networks were parsed from.
    private var words: [String] = []

    /// An empty list.
    public init() {}

    /// Reads addresses and networks in CIDR notation.
    ///
    /// - Throws: `ConfigError` if a word is neither. Names are not resolved.
    public init(_ words: [String]) throws(ConfigError) {
        for word in words { try append(word) }
    }

    /// Adds an address (`192.0.2.1`, `2001:db8::1`) or a network: with the length of its prefix (`10.0.0.0/8`, `fd00::/8`),
    /// with a mask (`10.0.0.0/255.0.0.0`), or as the beginning of an IPv4 address (`192.168`), as `Require ip` has them.
    ///
    /// - Throws: `ConfigError` if `word` is none of these.
    public mutating func append(_ word: String) throws(ConfigError) {
        let parts = word.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        let network = try parts.count > 1 ? Self.network(word, parts[0], parts[1]) : Self.single(word)
        guard let network else {
            throw ConfigError(
                "'\(word)' is not a numeric IPv4 or IPv6 address, nor a network such as 10.0.0.0/8, 10.0.0.0/255.0.0.0, "
                    + "192.168 or fd00::/8.")
        }
        networks.append(network)
        words.append(word)
    }

    /// `address/length` or `address/mask`.
    private static func network(_ word: String, _ base: String, _ size: String) throws(ConfigError) -> Network? {
        guard let address = IPAddress(base) else { return nil }
        if let mask = IPAddress(size), mask.isIPv4, address.isIPv4 {
            return Network(base: address.masked(by: mask), mask: mask)
        }
        // `::ffff:10.0.0.0/104` is 10.0.0.0/8.
        let offset = address.isIPv4 && base.contains(":") ? 96 : 0
        guard let number = Number.decimal(size), number >= offset, number <= address.width + offset else {
            throw ConfigError(
                "'\(word)': the length of the network's prefix must be a number from \(offset) to "
                    + "\(address.width + offset)\(address.isIPv4 ? ", or a mask such as 255.255.0.0" : "").")
        }
        return Network(base: address.prefix(number - offset), mask: address.mask(of: number - offset))
    }

    /// An address, or one to three numbers with which IPv4 addresses begin.
    private static func single(_ word: String) -> Network? {
        if let address = IPAddress(word) { return Network(base: address, mask: address.mask(of: address.width)) }
        var numbers = word.split(separator: ".", omittingEmptySubsequences: false)
        if numbers.last == "" { numbers.removeLast() }
        guard (1...3).contains(numbers.count) else { return nil }
        let whole = (numbers.map(String.init) + ["0", "0", "0"]).prefix(4).joined(separator: ".")
        guard let address = IPAddress(whole) else { return nil }
        return Network(base: address, mask: address.mask(of: 8 * numbers.count))
    }

    /// Adds all of another list.
    public mutating func append(_ other: AddressList) {
        networks += other.networks
        words += other.words
    }

    /// Whether the list is empty.
    public var isEmpty: Bool { networks.isEmpty }

    /// Whether an address is in the list or in one of its networks. Does not allocate.
    public func contains(_ address: IPAddress) -> Bool {
        for index in networks.indices where networks[index].contains(address) { return true }
        return false
    }

    /// Whether a text is such an address; false if it is not an address. Does not allocate.
    public func contains(_ text: UnsafeRawBufferPointer) -> Bool {
        guard let address = unsafe IPAddress(text) else { return false }
        return contains(address)
    }

    /// The words, in the form of the configuration.
    public var description: String { words.joined(separator: " ") }
}
