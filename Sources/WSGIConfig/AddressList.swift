/// Addresses and networks, as `WSGITrustedProxies` names them.
public struct AddressList: Equatable, Sendable, CustomStringConvertible {
    /// All addresses with a prefix in common; a single address is a network of one.
    private struct Network: Equatable {
        let base: IPAddress
        let length: Int

        func contains(_ address: IPAddress) -> Bool {
            address.isIPv4 == base.isIPv4 && address.prefix(length) == base
        }
    }

    private var networks: [Network] = []
    /// The words that the networks were made of.
    private var words: [String] = []

    /// A list of nothing.
    public init() {}

    /// Reads addresses and networks in CIDR notation.
    ///
    /// - Throws: `ConfigError` when a word is neither; nothing is looked up, so it cannot be a name.
    public init(_ words: [String]) throws(ConfigError) {
        for word in words { try append(word) }
    }

    /// Adds an address (`192.0.2.1`, `2001:db8::1`) or a network in CIDR notation (`10.0.0.0/8`, `fd00::/8`).
    ///
    /// - Throws: `ConfigError` when `word` is neither.
    public mutating func append(_ word: String) throws(ConfigError) {
        let parts = word.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        guard let address = IPAddress(parts[0]) else {
            throw ConfigError(
                "'\(word)' is not a numeric IPv4 or IPv6 address, nor a network such as 10.0.0.0/8 or fd00::/8.")
        }
        var length = address.width
        if parts.count > 1 {
            // `::ffff:10.0.0.0/104` is 10.0.0.0/8.
            let offset = address.isIPv4 && parts[0].contains(":") ? 96 : 0
            guard let number = Number.decimal(parts[1]), number >= offset, number <= address.width + offset else {
                throw ConfigError(
                    "'\(word)': the length of the network's prefix must be a number from \(offset) to "
                        + "\(address.width + offset).")
            }
            length = number - offset
        }
        networks.append(Network(base: address.prefix(length), length: length))
        words.append(word)
    }

    /// Adds all of another list.
    public mutating func append(_ other: AddressList) {
        networks += other.networks
        words += other.words
    }

    /// Whether it is a list of nothing.
    public var isEmpty: Bool { networks.isEmpty }

    /// Whether an address is one of those named, or in one of the networks. Nothing is allocated.
    public func contains(_ address: IPAddress) -> Bool {
        for index in networks.indices where networks[index].contains(address) { return true }
        return false
    }

    /// Whether a text is such an address; what is no address is in no network. Nothing is allocated.
    public func contains(_ text: UnsafeRawBufferPointer) -> Bool {
        guard let address = unsafe IPAddress(text) else { return false }
        return contains(address)
    }

    /// The words, as they could stand in the configuration.
    public var description: String { words.joined(separator: " ") }
}
