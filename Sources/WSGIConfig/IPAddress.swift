/// An IPv4 or IPv6 address in its numeric form.
///
/// An IPv4-mapped IPv6 address (`::ffff:192.0.2.1`, RFC 4291, 2.5.5.2) is the IPv4 address.
public struct IPAddress: Hashable, Sendable {
    /// Whether it is an IPv4 address.
    public let isIPv4: Bool
    /// The first 64 bits; for an IPv4 address its 32 bits, followed by zeros.
    let high: UInt64
    /// The last 64 bits; 0 for an IPv4 address.
    let low: UInt64

    /// The number of bits of an address of this kind.
    public var width: Int { isIPv4 ? 32 : 128 }

    /// Reads an address; `nil` for anything else, such as a name or an address with port, brackets or zone.
    ///
    /// Does not allocate.
    public init?(_ text: UnsafeRawBufferPointer) {
        var reader = unsafe AddressReader(text)
        if let number = reader.dottedDecimal(), reader.isAtEnd {
            self.init(ipv4: number)
            return
        }
        reader.rewind()
        guard let (high, low) = reader.groups() else { return nil }
        if high == 0, low >> 32 == 0xFFFF {
            self.init(ipv4: UInt32(truncatingIfNeeded: low))
        } else {
            self.init(isIPv4: false, high: high, low: low)
        }
    }

    /// Reads an address.
    public init?(_ text: String) {
        var text = text
        let address: IPAddress? = text.withUTF8 { bytes in unsafe IPAddress(UnsafeRawBufferPointer(bytes)) }
        guard let address else { return nil }
        self = address
    }

    private init(ipv4 number: UInt32) { self.init(isIPv4: true, high: UInt64(number) << 32, low: 0) }

    private init(isIPv4: Bool, high: UInt64, low: UInt64) { (self.isIPv4, self.high, self.low) = (isIPv4, high, low) }

    /// The bits of the address that are set in `mask`, which is of the same kind.
    func masked(by mask: IPAddress) -> IPAddress {
        IPAddress(isIPv4: isIPv4, high: high & mask.high, low: low & mask.low)
    }

    /// The address whose first `length` bits are set.
    func mask(of length: Int) -> IPAddress {
        IPAddress(isIPv4: isIPv4, high: Self.mask(length), low: Self.mask(length &- 64))
    }

    /// The address with all bits cleared after the first `length`.
    func prefix(_ length: Int) -> IPAddress {
        IPAddress(
            isIPv4: isIPv4, high: high & Self.mask(length), low: low & Self.mask(length &- 64))
    }

    /// 64 bits, of which the first `length` are set.
    private static func mask(_ length: Int) -> UInt64 {
        length >= 64 ? .max : length <= 0 ? 0 : .max << UInt64(truncatingIfNeeded: 64 &- length)
    }
}

/// Parses numeric addresses (RFC 4291, 2.2). Unlike `inet_pton`, it does not need terminated input.
@safe private struct AddressReader {
    private let text: UnsafeRawBufferPointer
    private var index = 0

    init(_ text: UnsafeRawBufferPointer) { unsafe self.text = text }

    var isAtEnd: Bool { unsafe index == text.count }

    mutating func rewind() { index = 0 }

    private var next: UInt8? { unsafe index < text.count ? text[index] : nil }

    private mutating func skip(_ byte: UInt8) -> Bool {
        guard next == byte else { return false }
        index &+= 1
        return true
    }

    /// Four numbers up to 255, without leading zeros.
    mutating func dottedDecimal() -> UInt32? {
        var result: UInt32 = 0
        for part in 0..<4 {
            if part > 0, !skip(UInt8(ascii: ".")) { return nil }
            let start = index
            var number: UInt32 = 0
            while let byte = next, (0x30...0x39).contains(byte), index &- start < 3 {
                number = number &* 10 &+ UInt32(byte &- 0x30)
                index &+= 1
            }
            let digits = index &- start
            guard digits > 0, number <= 255 else { return nil }
            guard unsafe digits == 1 || text[start] != 0x30 else { return nil }
            result = result << 8 | number
        }
        return result
    }

    /// Up to eight hexadecimal groups, with `::` for a run of zeros; the last two may be in dotted decimal.
    mutating func groups() -> (UInt64, UInt64)? {
        var (before, after) = (Groups(), Groups())
        var hasGap = false
        if skip(UInt8(ascii: ":")) {
            guard skip(UInt8(ascii: ":")) else { return nil }
            hasGap = true
        }
        while !isAtEnd {
            let start = index
            if let number = dottedDecimal(), isAtEnd {
                append(UInt16(truncatingIfNeeded: number >> 16), hasGap, &before, &after)
                append(UInt16(truncatingIfNeeded: number), hasGap, &before, &after)
                break
            }
            index = start
            guard let group = group(), before.count &+ after.count < 8 else { return nil }
            append(group, hasGap, &before, &after)
            if isAtEnd { break }
            guard skip(UInt8(ascii: ":")) else { return nil }
            if skip(UInt8(ascii: ":")) {
                guard !hasGap else { return nil }
                hasGap = true
            } else if isAtEnd {
                return nil
            }
        }
        let count = before.count &+ after.count
        guard hasGap ? count < 8 : count == 8 else { return nil }
        // `before` moves to the front. `after` is already at the end.
        let (high, low) = before.shifted(by: 8 &- before.count)
        return (high | after.high, low | after.low)
    }

    private func append(_ group: UInt16, _ hasGap: Bool, _ before: inout Groups, _ after: inout Groups) {
        if hasGap { after.append(group) } else { before.append(group) }
    }

    private mutating func group() -> UInt16? {
        let start = index
        var number: UInt16 = 0
        while let byte = next, index &- start < 4 {
            let digit: UInt8
            switch byte {
            case 0x30...0x39: digit = byte &- 0x30
            case UInt8(ascii: "a")...UInt8(ascii: "f"): digit = byte &- UInt8(ascii: "a") &+ 10
            case UInt8(ascii: "A")...UInt8(ascii: "F"): digit = byte &- UInt8(ascii: "A") &+ 10
            default: return index > start ? number : nil
            }
            number = number << 4 | UInt16(digit)
            index &+= 1
        }
        return index > start ? number : nil
    }

    /// Groups of 16 bits, aligned to the end of the 128 bits.
    private struct Groups {
        var high: UInt64 = 0
        var low: UInt64 = 0
        var count = 0

        mutating func append(_ group: UInt16) {
            high = high << 16 | low >> 48
            low = low << 16 | UInt64(group)
            count &+= 1
        }

        func shifted(by groups: Int) -> (UInt64, UInt64) {
            var result = self
            for _ in 0..<groups { result.append(0) }
            return (result.high, result.low)
        }
    }
}
